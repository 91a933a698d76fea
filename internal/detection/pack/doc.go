// Package pack is the medical rule pack that is built into the program, read and ready to be compiled. The rules and their
// test events are data in package content; the tests of this package run every rule over its events, from the raw record
// to the firing.
package pack
