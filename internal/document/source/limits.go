package source

import (
	"fmt"
	"strings"
)

// Limits of a body. Markdown lets a short text ask for much work: a table fills each row to the width of its head, lists and
// quotations nest, and every bracket may begin a link.
const (
	maxBody     = 256 << 10
	maxLine     = 4000
	maxBars     = 60 // table columns
	maxIndent   = 60 // spaces, list and quotation marks at the beginning of a line
	maxBrackets = 4000
)

// tooMuch says where a body asks for too much, with the number of the line counted from 1; "" when nowhere.
func tooMuch(body string) (line int, reason string) {
	if len(body) > maxBody {
		return 1, fmt.Sprintf("the text has %d bytes, at most %d", len(body), maxBody)
	}
	brackets := 0
	for s := range strings.SplitSeq(body, "\n") {
		line++
		brackets += strings.Count(s, "[")
		switch {
		case len(s) > maxLine:
			return line, fmt.Sprintf("the line has %d bytes, at most %d", len(s), maxLine)
		case strings.Count(s, "|") > maxBars:
			return line, fmt.Sprintf("a table has at most %d columns", maxBars-1)
		case len(s)-len(strings.TrimLeft(s, " \t>-+*0123456789.)")) > maxIndent && strings.Trim(s, "-*_ ") != "":
			return line, "lists and quotations are nested too deep"
		case brackets > maxBrackets:
			return line, fmt.Sprintf("more than %d links", maxBrackets)
		}
	}
	return 0, ""
}
