package nodelist

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/strategy"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// short is a list as text: name or name=address, with spaces in between.
func short(nodes []strategy.Node) string {
	var words []string
	for _, n := range nodes {
		word := n.Name
		if n.Address != "" {
			word += "=" + n.Address
		}
		words = append(words, word)
	}
	return strings.Join(words, " ")
}

func TestParse(t *testing.T) {
	for name, c := range map[string]struct{ list, want string }{
		"empty":          {"", ""},
		"white space":    {" \r\n\t\n", ""},
		"comments":       {"# none\n  # none either", ""},
		"one":            {"a@h", "a@h"},
		"lines":          {"a@h\n\n  b@h # second\r\nc@h", "a@h b@h c@h"},
		"# in a word":    {"a#1@h", "a#1@h"},
		"address":        {"a@h  10.0.0.1:9100\nb@h [fd00::1]:9100 # v6", "a@h=10.0.0.1:9100 b@h=[fd00::1]:9100"},
		"IPv6 host":      {"a@fd00::1", "a@fd00::1"},
		"byte order":     {"\ufeffa@h\n", "a@h"},
		"JSON":           {` ["a@h", {"name":"b@h"}, {"name":"c@h","address":"h:1"}] `, "a@h b@h c@h=h:1"},
		"JSON empty":     {"[]", ""},
		"JSON and mark":  {"\ufeff[\"a@h\"]", "a@h"},
		"not ASCII":      {"ä@hüst", "ä@hüst"},
		"twice the same": {"a@h\na@h", "a@h a@h"},
	} {
		t.Run(name, func(t *testing.T) {
			nodes, err := Parse([]byte(c.list))
			require.NoError(t, err)
			require.Equal(t, c.want, short(nodes))
		})
	}
}

func TestParseErrors(t *testing.T) {
	for name, c := range map[string]struct {
		list string
		line int
		says string
	}{
		"no @":             {"a@h\nb\nc@h", 2, `"b": "b" is not a node name: it has no @`},
		"commas":           {"a@h,b@h", 1, "line of its own"},
		"quotes":           {"'a@h'", 1, "without quotes"},
		"three words":      {"a@h h:1 x", 1, "host:port"},
		"no port":          {"\n\na@h h", 3, "host:port"},
		"port":             {"a@h h:70000", 1, "1 to 65535"},
		"port 0":           {"a@h h:0", 1, "1 to 65535"},
		"no host":          {"a@h :1", 1, "host:port"},
		"HTML":             {"<html>\n", 1, "<html>"},
		"an object":        {`{"nodes":["a@h"]}`, 1, "want an array"},
		"a number":         {"[\n\"a@h\",\n17]", 3, "want a name"},
		"unknown field":    {"[\n{\"nam\":\"a@h\"}]", 2, `unknown field "nam"`},
		"bad name":         {"[\"a@h\",\n\"b\"]", 2, "no @"},
		"address in JSON":  {`[{"name":"a@h","address":"h"}]`, 1, "host:port"},
		"JSON cut":         {"[\"a@h\",\n", 2, "ends too early"},
		"JSON cut in name": {"[\"a@h", 1, "ends too early"},
		"more than JSON":   {"[\"a@h\"]\n]", 2, "end"},
		"two arrays":       {"[\"a@h\"]\n[]", 2, "more after"},
		"comma missing":    {"[\"a@h\"\n\"b@h\"]", 2, "comma"},
		"null":             {"[null]", 1, "want a name"},
		"no name":          {"[{}]", 1, "no @"},
	} {
		t.Run(name, func(t *testing.T) {
			nodes, err := Parse([]byte(c.list))
			var where *Error
			require.ErrorAs(t, err, &where)
			require.Empty(t, nodes)
			require.Equal(t, c.line, where.Line, err)
			require.ErrorContains(t, err, c.says)
			require.ErrorContains(t, err, fmt.Sprintf("line %d: ", c.line))
		})
	}
}

func TestLimits(t *testing.T) {
	_, err := Parse([]byte(strings.Repeat("#", MaxBytes+1)))
	require.ErrorContains(t, err, "more than 1048576")
	_, err = Parse([]byte(strings.Repeat("a@h\n", MaxNodes)))
	require.NoError(t, err)
	_, err = Parse([]byte(strings.Repeat("a@h\n", MaxNodes+1)))
	require.ErrorContains(t, err, "more than 10000")
	_, err = Parse([]byte("[" + strings.Repeat(`"a@h",`, MaxNodes) + `"a@h"]`))
	require.ErrorContains(t, err, "more than 10000")
	_, err = Parse([]byte(strings.Repeat("ä", 1000)))
	require.Less(t, len(err.Error()), 400, "long lines are cut")
	_, err = Parse([]byte(strings.Repeat("[", 100_000)))
	require.Error(t, err)
}

// FuzzParse: what is taken consists of good nodes only, and errors have a line of the list.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"", "a@h\nb@h 1.2.3.4:5 # c", `["a@h",{"name":"b@h","address":"h:1"}]`, "[\n1]", "\ufeff[", "{", "[\"\\u00"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		nodes, err := Parse(data)
		if err != nil {
			var where *Error
			require.ErrorAs(t, err, &where)
			require.Empty(t, nodes)
			require.Positive(t, where.Line)
			require.LessOrEqual(t, where.Line, 1+strings.Count(string(data), "\n"))
			return
		}
		for _, n := range nodes {
			require.NoError(t, strategy.CheckName(n.Name))
			require.Empty(t, n.Origin)
			if n.Address != "" {
				require.Empty(t, wrongAddress(n.Address))
			}
		}
	})
}

// TestCutJSON: a list that is cut anywhere is refused; of text nobody can tell.
func TestCutJSON(t *testing.T) {
	list := `[ "a@h", {"name": "b@h", "address": "h:1"} ]`
	for i := 1; i < len(list); i++ {
		_, err := Parse([]byte(list[:i]))
		require.ErrorContains(t, err, "line 1: the JSON ends too early", list[:i])
	}
}
