// Package terminal is what commands read from and write to: JSON or text, tables, files, and the errors that choose an exit
// code.
//
//   - Texts that came from elsewhere are written without control characters, so that they cannot steer a terminal.
//   - A file is written beside its place and renamed, so that a broken answer leaves no half file.
package terminal
