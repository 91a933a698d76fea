// Package coverage says which techniques of MITRE ATT&CK the rules can see: a matrix of tactics and techniques with the
// rules for each, whether they were tested, and whether a source that they need is alive.
//
// A technique counts as seen only by a rule that runs, was tested and has a live source. Whatever is less says what it
// lacks. That no rule names a technique is shown, not left out.
package coverage
