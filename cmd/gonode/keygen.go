package main

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"
)

// keygenFlags is what keygen can be told.
type keygenFlags struct {
	bytes int
	file  string
}

const (
	defaultKeyBytes = 32
	minKeyBytes     = 16
	maxKeyBytes     = 128 // in base64 they still fit the 255 characters of a cookie
)

func (a *app) keygenCommand() *cobra.Command {
	f := &keygenFlags{bytes: defaultKeyBytes}
	cmd := &cobra.Command{
		Use:   "keygen",
		Short: "Make a secret",
		Long: "Keygen prints a random secret, which will do as the cookie of a cluster: 32 bytes in base64, of letters, digits,\n" +
			"- and _. With --file it writes it into a new file that nobody else can read, and prints nothing.",
		Example: "  gonode keygen --file ~/.erlang.cookie\n  GONODE_COOKIE=$(gonode keygen) gonode run",
		Args:    takes("argument", 0, 0),
		RunE: func(*cobra.Command, []string) error {
			if err := a.keygen(f); err != nil {
				return fmt.Errorf("keygen: %w", err)
			}
			return nil
		},
	}
	fs := cmd.Flags()
	addValue(fs, &f.bytes, parseKeyBytes, "bytes", "", "number", "32", "how many random bytes it has")
	fs.StringVar(&f.file, "file", "", "a new `file` to write it to")
	return cmd
}

func parseKeyBytes(s string) (int, error) {
	n, err := parseCount(s)
	if err != nil || n < minKeyBytes || n > maxKeyBytes {
		return 0, fmt.Errorf("want a number from %d to %d", minKeyBytes, maxKeyBytes)
	}
	return n, nil
}

// keygen makes a secret.
func (a *app) keygen(f *keygenFlags) error {
	secret := make([]byte, f.bytes)
	_, _ = rand.Read(secret) // never fails
	text := base64.RawURLEncoding.EncodeToString(secret)
	if f.file == "" {
		if _, err := fmt.Fprintln(a.stdout, text); err != nil {
			return fmt.Errorf("write the output: %w", err)
		}
		return nil
	}
	file, err := os.OpenFile(f.file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o400)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w: the secret in it is left alone; remove the file first, or choose another", err)
	}
	if err != nil {
		return err
	}
	_, err = fmt.Fprintln(file, text)
	return errors.Join(err, file.Close())
}
