package output

import (
	"io"
	"strings"
)

// Text writes lines of text that somebody else has made, without what would steer the terminal. It ends with a line feed.
func Text(p Printer, text string) error {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line = strings.TrimSuffix(line, "\n"); line != "" {
			line = printable(line)
		}
		b.WriteString(line + "\n")
	}
	return wrote(io.WriteString(p.W, b.String()))
}
