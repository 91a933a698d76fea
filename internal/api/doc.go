// Package api is the door for programs: the HTTP API of version 1, with its OpenAPI description.
//
// Invariants:
//   - Deny by default: every operation names the kind of event that an actor must be allowed to record (or to read), and
//     is refused before its input is looked at when the actor may do that nowhere. The packages below check the scope.
//   - No rule of a domain is here: a handler translates, calls one package and translates back.
//   - An error of package problem reaches the caller as RFC 9457 with every fault by its place; any other error is logged
//     and answered with a reference only. Values that were sent are never repeated.
//   - Who acts: the actor that the program itself put into the request's context (local socket), else the bearer token,
//     else, for reading from a page of this origin only, the session cookie.
package api
