package content

import _ "embed"

//go:embed curricula.yaml
var curricula []byte

// Curricula is the seeded list of what each function must know, as package training reads it.
func Curricula() []byte { return curricula }
