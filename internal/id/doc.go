// Package id makes identifiers: a short prefix that names the kind and a UUIDv7 (RFC 9562 5.7) in Crockford base32,
// lower case ("dev_01jx…"). They sort by time of making within a kind, are made in Go, and are never reused.
package id
