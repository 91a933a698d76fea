// Package web is the web pages of Triward: html/template on net/http.
//
// Invariants:
//   - Every route is one row of [routes]: method, pattern, permission, handler. What a row does not allow is refused before
//     its handler runs; what the packages below refuse is refused in any case.
//   - Every page works as plain links and forms; htmx swaps parts of the same pages.
//   - No inline script or style. Everything comes from the program itself (Content-Security-Policy default-src 'self').
//   - Addresses are built in urls.go only.
//   - What may be shown of an error is what package problem says; the rest goes to the log under a reference.
package web
