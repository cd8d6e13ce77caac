package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"gonode/cmd/gonode/internal/output"
)

// outputFlags is the group of flags of all that write data.
type outputFlags struct{ format, color string }

func (f *outputFlags) add(fs *pflag.FlagSet) {
	addChoice(fs, &f.format, "output", "o", string(output.Table), "form of the output; see Output", output.Formats()...)
	addChoice(fs, &f.color, "color", "", "auto", "colours; auto: on a terminal, unless NO_COLOR is set", "auto", "always", "never")
}

const outputHelp = `
Output:
  table is for people, wide has more in it. json is one value a line; ndjson has a
  line for each item of a list. yaml and erl (Erlang terms, for file:consult/1) say
  the same as json; name is the name of each, a line each. JSON has a version, "v".
`

// printer returns where and how to write.
func (f *outputFlags) printer(a *app) output.Printer {
	return output.Printer{W: a.stdout, Format: output.Format(f.format), Color: f.colored(a)}
}

func (f *outputFlags) colored(a *app) bool {
	if f.color != "auto" {
		return f.color == "always"
	}
	none, _ := a.lookupEnv("NO_COLOR")
	kind, _ := a.lookupEnv("TERM")
	return none == "" && kind != "dumb" && isTerminal(a.stdout)
}

// isTerminal reports whether w, a stream, is a terminal.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// busyTime is after how long the user is told what is taking so long.
const busyTime = time.Second

// busy tells the user what is being done, once, if it takes longer than busyTime. Call the function it returns when that
// is over.
func (a *app) busy(format string, args ...any) (over func()) {
	text := fmt.Sprintf(format, args...)
	timer := time.AfterFunc(busyTime, func() { a.notef("%s ...", text) }) // ends at once, or is stopped
	return func() { timer.Stop() }
}
