// Package apiv1 holds what the Triward API of version 1 takes and gives: plain types, no behaviour.
//
// Names on the wire are lower case with underscores. Instants are RFC 3339 in UTC, dates are "2006-01-02"; what is not
// known is left out or "unknown", never zero. Structs whose fields carry the tag "query" are the parameters of lists.
// openapi.yaml beside this file describes every operation; a test keeps it equal to the program.
package apiv1
