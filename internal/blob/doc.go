// Package blob keeps files (evidence, uploads, renditions) by the SHA-256 of their content, in a folder ("dir:/path") or
// in a bucket of an S3 service ("s3://host/bucket/prefix").
//
// Invariants:
//   - A blob is whole or not there: it is written elsewhere first and takes its name in one step, after it is on disk.
//   - The name is the digest of the content. Reading checks it: a reader sees io.EOF only after the right content.
//   - The same content is kept once. Putting it again mends a damaged copy.
//   - Files are readable by their owner only.
package blob
