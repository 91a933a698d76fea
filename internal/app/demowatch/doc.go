// Package demowatch is the part of the demonstration in which people watch: where its events come from, and what is done
// about its alerts.
package demowatch
