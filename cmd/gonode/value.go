package main

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"gonode/dist"
)

// value is a flag of type T: it implements pflag.Value with a function that reads the text.
type value[T any] struct {
	p     *T
	kind  string
	text  string
	parse func(string) (T, error)
}

func (v *value[T]) String() string { return v.text }
func (v *value[T]) Type() string   { return v.kind }

func (v *value[T]) Set(text string) error {
	parsed, err := v.parse(text)
	if err != nil {
		return err
	}
	*v.p, v.text = parsed, text
	return nil
}

// addValue adds a flag that parse reads into p. kind stands for the value in the help, def is the text that *p stands for
// already.
func addValue[T any](fs *pflag.FlagSet, p *T, parse func(string) (T, error), name, short, kind, def, usage string) {
	fs.VarP(&value[T]{p: p, kind: kind, text: def, parse: parse}, name, short, usage)
}

// addChoice adds a flag that takes one of some words.
func addChoice(fs *pflag.FlagSet, p *string, name, short, def, usage string, words ...string) {
	*p = def
	addValue(fs, p, oneOf(words...), name, short, strings.Join(words, "|"), def, usage)
}

func oneOf(words ...string) func(string) (string, error) {
	return func(s string) (string, error) {
		if !slices.Contains(words, s) {
			return "", fmt.Errorf("want %s", strings.Join(words, ", "))
		}
		return s, nil
	}
}

// addPeriod adds a flag that takes a positive duration; def 0 shows none.
func addPeriod(fs *pflag.FlagSet, p *time.Duration, name string, def time.Duration, usage string) {
	*p = def
	text := ""
	if def != 0 {
		text = def.String()
	}
	addValue(fs, p, parsePeriod, name, "", "duration", text, usage)
}

func parsePeriod(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil || d <= 0 {
		return 0, errors.New("want a time above zero with its unit, such as 500ms, 10s or 2m")
	}
	return d, nil
}

func parsePort(s string) (int, error) {
	port, err := strconv.Atoi(s)
	if err != nil || port < 1 || port > 65535 {
		return 0, errors.New("want a port number, 1 to 65535")
	}
	return port, nil
}

func parseCount(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 {
		return 0, errors.New("want a whole number above zero")
	}
	return n, nil
}

func parseNodeName(s string) (string, error) {
	_, _, err := dist.ParseName(s)
	return s, err
}

func parseListen(s string) (string, error) {
	if _, _, err := net.SplitHostPort(s); err != nil {
		return "", errors.New("want host:port or host:first-last, such as 127.0.0.1:0 or :9100-9105")
	}
	return s, nil
}
