package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"gonode/cmd/gonode/internal/termjson"
	"gonode/etf"
)

// The forms of a term, for term.
const (
	formAuto   = "auto"
	formErl    = "erl"
	formJSON   = "json"
	formETF    = "etf"
	formHex    = "hex"
	formBase64 = "base64"
)

// termCommandFlags is what term can be told.
type termCommandFlags struct {
	from, to string
	terms    termFlags
}

func (a *app) termCommand() *cobra.Command {
	f := &termCommandFlags{}
	cmd := &cobra.Command{
		Use:   "term [TERM]",
		Short: "Convert a term between text, JSON and the external term format",
		Long: "Term reads a term, from standard input if none is given, and prints it in another form: as Erlang text (erl),\n" +
			"JSON, or in the external term format, bytes as they are (etf), in hex or in base64. JSON is exact unless\n" +
			"--json-form says otherwise, so that it can be read back.",
		Example: "  gonode term 83680277026f6b6101\n  gonode term '{ok, <<\"x\">>}' --to hex\n" +
			"  gonode term --from json --to etf '{\"a\": [1, 2.5]}' > term.bin\n  gonode term --to json < term.bin",
		Args: takes("TERM", 0, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := a.term(f, args); err != nil {
				return fmt.Errorf("term: %w", err)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	addChoice(fs, &f.from, "from", "f", formAuto, "what TERM is; auto tells ETF, hex and base64 by their first byte, and takes the rest for erl",
		formAuto, formErl, formJSON, formETF, formHex, formBase64)
	addChoice(fs, &f.to, "to", "t", formErl, "what to print", formErl, formJSON, formETF, formHex, formBase64)
	f.terms.addForm(fs, "exact")
	return cmd
}

// term converts one term.
func (a *app) term(f *termCommandFlags, args []string) error {
	text := ""
	if len(args) == 1 {
		text = args[0]
	} else {
		var err error
		if text, err = a.readText(); err != nil {
			return err
		}
	}
	term, err := readTerm(f.from, text)
	if err != nil {
		return &usageError{err}
	}
	out, err := f.write(term)
	if err != nil {
		return err
	}
	if _, err := a.stdout.Write(out); err != nil {
		return fmt.Errorf("write the output: %w", err)
	}
	return nil
}

// write returns term in the form of f.to.
func (f *termCommandFlags) write(term any) ([]byte, error) {
	switch f.to {
	case formErl:
		return []byte(etf.Format(term) + "\n"), nil
	case formJSON:
		return append(f.terms.json(term), '\n'), nil
	}
	b, err := etf.Append(nil, term)
	switch {
	case err != nil:
		return nil, err
	case f.to == formHex:
		return []byte(hex.EncodeToString(b) + "\n"), nil
	case f.to == formBase64:
		return []byte(base64.StdEncoding.EncodeToString(b) + "\n"), nil
	}
	return b, nil
}

// readTerm reads a term from text in a form.
func readTerm(form, text string) (any, error) {
	if form == formAuto {
		form = guess(text)
	}
	switch form {
	case formErl:
		return etf.ParseText(text)
	case formJSON:
		return termjson.Parse([]byte(text))
	}
	b := []byte(text)
	var err error
	switch form {
	case formHex:
		b, err = hex.DecodeString(noSpace(strings.TrimPrefix(text, "0x")))
	case formBase64:
		b, err = base64.StdEncoding.DecodeString(noSpace(text))
	}
	if err != nil {
		return nil, fmt.Errorf("it is no %s: %w", form, err)
	}
	return decodeTerm(b)
}

// decodeTerm decodes one term, compressed or not. A term that is followed by a line feed is forgiven: the shell has put
// it there.
func decodeTerm(b []byte) (any, error) {
	if len(b) == 0 {
		return nil, io.ErrUnexpectedEOF
	}
	d := etf.Decoder{Compressed: true}
	term, err := d.Decode(b)
	if trimmed, ok := bytes.CutSuffix(b, []byte("\n")); err != nil && ok {
		if again, failed := d.Decode(trimmed); failed == nil {
			return again, nil
		}
	}
	if e, ok := errors.AsType[*etf.DecodeError](err); ok && b[0] != etf.Version {
		return nil, fmt.Errorf("%w (the first byte of a term is 131)", e)
	}
	return term, err
}

// guess tells what text is by its first byte: 131, which is 83 in hex and begins with g in base64.
func guess(text string) string {
	switch {
	case strings.HasPrefix(text, "\x83"):
		return formETF
	case isHex(text):
		return formHex
	case isBase64(text):
		return formBase64
	}
	return formErl
}

func isHex(text string) bool {
	b, err := hex.DecodeString(noSpace(strings.TrimPrefix(text, "0x")))
	return err == nil && len(b) > 1 && b[0] == etf.Version
}

func isBase64(text string) bool {
	b, err := base64.StdEncoding.DecodeString(noSpace(text))
	return err == nil && len(b) > 1 && b[0] == etf.Version
}

// noSpace takes white space away.
func noSpace(s string) string { return strings.Join(strings.Fields(s), "") }
