package remote

import (
	"fmt"
	"strings"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

// maxStack is how many entries of a stack are printed.
const maxStack = 20

// StackText returns the stack of an exception for people: a line for each entry, each begun with a line feed.
func StackText(stack etf.List) string {
	var b strings.Builder
	for i, entry := range stack {
		if i == maxStack {
			fmt.Fprintf(&b, "\n  ... and %d more", len(stack)-i)
			break
		}
		b.WriteString("\n  in " + stackEntry(entry))
	}
	return b.String()
}

// stackEntry prints {Module, Function, ArityOrArgs, Location}.
func stackEntry(entry any) string {
	t, ok := entry.(etf.Tuple)
	if !ok || len(t) != 4 {
		return etf.FormatLimit(entry, 200)
	}
	arity, ok := t[2].(int64)
	if args, isList := t[2].(etf.List); isList {
		arity, ok = int64(len(args)), true
	}
	module, isModule := t[0].(gen.Atom)
	function, isFunction := t[1].(gen.Atom)
	if !ok || !isModule || !isFunction {
		return etf.FormatLimit(entry, 200)
	}
	text := fmt.Sprintf("%s:%s/%d", etf.Format(module), etf.Format(function), arity)
	var location struct {
		file string
		line int64
	}
	list, _ := t[3].(etf.List)
	for _, elem := range list {
		pair, _ := elem.(etf.Tuple)
		if len(pair) != 2 {
			continue
		}
		switch pair[0] {
		case gen.Atom("file"):
			location.file, _ = etf.Text(pair[1])
		case gen.Atom("line"):
			location.line, _ = pair[1].(int64)
		}
	}
	if location.file != "" {
		text += fmt.Sprintf(" (%s:%d)", location.file, location.line)
	}
	return text
}
