// Package arch holds the architecture as tests: who may import whom, what SQL may look like, how large things may grow,
// and what may be linked. A rule that fails is a reason to change the code. Whoever changes a table here says why in
// docs/adr.
package arch
