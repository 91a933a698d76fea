// Package client calls the Triward API of version 1 from Go, over HTTPS with an API token or over the unix socket of a
// server on the same machine.
//
// Every method makes one request. A failure that the server tells of is a [*apiv1.Problem] in the error's chain; a server
// that cannot be reached is [ErrUnreachable]. Nothing is tried again: the caller knows what may be repeated.
package client
