// Package guide is the manuals of Triward, as they are read beside the source and as the program carries them.
//
// Each is a controlled document with front matter, so that an installation can put it under its own document control (21
// CFR 11.10(k)). Links between them name files; package kit turns them into links between documents.
package guide

import "embed"

// Files are the manuals: "roles.md".
//
//go:embed *.md
var Files embed.FS
