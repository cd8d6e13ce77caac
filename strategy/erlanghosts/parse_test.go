package erlanghosts

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"gonode/strategy"
)

func TestParse(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"empty":            {"", ""},
		"as in the manual": {"'super.eua.ericsson.se'.\n'renat.eua.ericsson.se'.\n\n", "super.eua.ericsson.se renat.eua.ericsson.se"},
		"comments":         {"% hosts\n'a.b'. % one\n  c.%two\n%\n", "a.b c"},
		"no line feed":     {"'a.b'.", "a.b"},
		"on one line":      {"'a'. 'b'.\tc.\r\n", "a b c"},
		"space":            {"'a' % not yet\n .", "a"},
		"twice":            {"'a'.\n'b'.\n'a'.", "a b"},
		"unquoted":         {"db_1.\nå2.", "db_1 å2"},
		"IPv6":             {"'fd00::1'.", "fd00::1"},
		"byte order mark":  {"\ufeff'a'.", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, err := parse(c.text)
			require.NoError(t, err)
			require.Equal(t, c.want, strings.Join(hosts, " "))
		})
	}
}

func TestParseErrors(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"no full stop":   {"'a.b'\n'c'.", "line 1: there is no full stop after 'a.b': write 'a.b'."},
		"none at last":   {"'a'.\n'b'", "line 2: there is no full stop"},
		"dots":           {"\ndb1.example.org.", "line 2: a host with dots in it needs quotes"},
		"string":         {`"a".`, "line 1: write the host in single quotes"},
		"variable":       {"Host.", "line 1: want a host in single quotes"},
		"number":         {"10.0.0.1.", "line 1: want a host"},
		"plain list":     {"# hosts", "line 1: want a host"},
		"open quote":     {"'a.\n'b'.", "line 1: the closing quote is missing"},
		"open at end":    {"'a.", "closing quote"},
		"backslash":      {`'a\x{1}'.`, "no backslash"},
		"nothing":        {"''.", `"" is not a host`},
		"node":           {"'a@b'.", `"a@b" is not a host`},
		"white space":    {"'a b'.", "is not a host"},
		"tuple":          {"{a}.", "want a host"},
		"not UTF-8":      {"'\xff'.", "not UTF-8"},
		"two full stops": {"'a'..", "quotes"},
		"too many":       {many(maxHosts + 1), "line 1001: more than 1000 hosts"},
		"long":           {"'" + strings.Repeat("x", 100_000) + "'.", "is not a host"},
	} {
		t.Run(name, func(t *testing.T) {
			hosts, err := parse(c.text)
			require.ErrorContains(t, err, c.says)
			require.Empty(t, hosts)
			require.Less(t, len(err.Error()), 300)
		})
	}
	_, err := parse(many(maxHosts))
	require.NoError(t, err)
}

func many(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "h%d.\n", i)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// FuzzParse: hosts make node names, and what parse takes it takes again when it is written as OTP does.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "'a.b'.\n% c\nd. e.", "'a'", "'", "a.b.", "'a' . %"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		hosts, err := parse(text)
		if err != nil {
			require.Regexp(t, "^(line [0-9]+: |the file is not UTF-8)", err.Error())
			return
		}
		var b strings.Builder
		for _, h := range hosts {
			require.NoError(t, strategy.CheckName("a@"+h))
			fmt.Fprintf(&b, "'%s'.\n", h)
		}
		again, err := parse(b.String())
		require.NoError(t, err)
		require.Equal(t, hosts, again)
	})
}
