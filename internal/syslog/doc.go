// Package syslog reads syslog messages (RFC 5424; RFC 3164 as real emitters write it) and cuts them out of TCP streams
// (RFC 6587, RFC 5425).
//
// Bytes in, facts out. Invariants:
//   - [Decode] refuses only what is empty. What a message lacks stays empty, what it has wrong is named in
//     Message.Fault, and no byte of the text is lost.
//   - A time is never invented. RFC 3164 has no year and no zone: the zone is the source's (given by the caller), the
//     year is guessed from the time of receipt, and Message.Guessed says so. Without a time of receipt there is no time.
//   - The strings of a Message are parts of the input; a reused Message costs no allocation unless structured data holds
//     escapes.
//   - [Frames] never holds more than its limit; a longer message is cut, and the cut is counted.
package syslog
