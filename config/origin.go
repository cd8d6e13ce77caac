package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Origin is where a value comes from: a place in a file, a variable, a flag; the zero value is the default.
type Origin struct {
	File         string // as it was given
	Line, Column int    // from 1; 0 if the whole file is meant
	Name         string // if it is not a file: the variable, or the flag with its dashes
}

// IsDefault reports whether nobody has given the value.
func (o Origin) IsDefault() bool { return o == Origin{} }

// String returns "gonode.yaml:3:7", "GONODE_LISTEN", "--listen" or "default".
func (o Origin) String() string {
	switch {
	case o.Name != "":
		return o.Name
	case o.File == "":
		return "default"
	case o.Line == 0:
		return o.File
	}
	return fmt.Sprintf("%s:%d:%d", o.File, o.Line, o.Column)
}

// resolve returns where path, written at o, leads: in a file it is meant from the folder of the file. ~/ is the home folder.
func (o Origin) resolve(path string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			return filepath.Join(home, rest)
		}
	}
	if o.File == "" || path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(o.File), path)
}
