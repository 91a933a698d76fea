// Package source reads messages out of files and streams: plain, compressed (gzip, zstd), in tar archives, and any of
// these inside of another.
//
// A file of lines gives one record a line. JSON that goes over several lines gives one record for each object, also when
// they stand in one array; XML one for each audit message. A log of Zeek in its own form gives each row with the header
// before it, so that a record says by itself what its columns are. Invariants:
//   - Nothing is lost without being counted: what is longer than the limit is cut, and Stats says how often and how much.
//   - Memory is bounded by the limits of one record, however long the file is.
//   - Records know the line that they begin at. Their bytes are the caller's to keep.
//   - Links are not followed.
package source
