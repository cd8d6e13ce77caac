package output

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"go.yaml.in/yaml/v3"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type thing struct {
	Name  string  `json:"name"`
	Size  int     `json:"size"`
	Extra *string `json:"extra,omitempty"`
}

func things() View[thing] {
	return View[thing]{
		Kind: "things",
		Columns: []Column[thing]{
			{Head: "NAME", Cell: func(t thing) string { return t.Name }, Style: func(thing) Style { return Good }},
			{Head: "SIZE", Cell: func(t thing) string { return string(rune('0' + t.Size)) }, Right: true},
			{Head: "EXTRA", Wide: true, Cell: func(t thing) string { return "x" }},
		},
		Name: func(t thing) string { return t.Name },
	}
}

func render(t *testing.T, f func(Printer) error, p Printer) string {
	t.Helper()
	var b bytes.Buffer
	p.W = &b
	require.NoError(t, f(p))
	return b.String()
}

func TestList(t *testing.T) {
	items := []thing{{Name: "one", Size: 1}, {Name: "true", Size: 2}, {Name: "\x1b[2J", Size: 3}}
	list := func(p Printer) error { return things().List(p, items) }
	for format, want := range map[Format]string{
		"":     "NAME  SIZE\none      1\ntrue     2\n\ufffd[2J     3\n",
		Table:  "NAME  SIZE\none      1\ntrue     2\n\ufffd[2J     3\n",
		Wide:   "NAME  SIZE  EXTRA\none      1  x\ntrue     2  x\n\ufffd[2J     3  x\n",
		JSON:   `{"v":1,"kind":"things","items":[{"name":"one","size":1},{"name":"true","size":2},{"name":"\u001b[2J","size":3}]}` + "\n",
		NDJSON: `{"v":1,"name":"one","size":1}` + "\n" + `{"v":1,"name":"true","size":2}` + "\n" + `{"v":1,"name":"\u001b[2J","size":3}` + "\n",
		Name:   "one\ntrue\n\ufffd[2J\n",
		Erl:    `#{v => 1,kind => <<"things">>,items => [#{name => <<"one">>,size => 1},#{name => <<"true">>,size => 2},#{name => <<"\e[2J">>,size => 3}]}.` + "\n",
	} {
		require.Equal(t, want, render(t, list, Printer{Format: format}), format)
	}
	text := render(t, list, Printer{Format: YAML})
	var back struct {
		V     int
		Kind  string
		Items []thing
	}
	require.NoError(t, yaml.Unmarshal([]byte(text), &back), text)
	require.Equal(t, items, back.Items)
	require.Contains(t, text, "---\nv: 1\nkind: things\nitems:\n  - name: one\n    size: 1\n  - name: \"true\"\n")
}

func TestEmpty(t *testing.T) {
	list := func(p Printer) error { return things().List(p, nil) }
	require.Equal(t, "NAME  SIZE\n", render(t, list, Printer{}))
	require.Equal(t, `{"v":1,"kind":"things","items":[]}`+"\n", render(t, list, Printer{Format: JSON}))
	require.Empty(t, render(t, list, Printer{Format: NDJSON}))
	one := func(p Printer) error { return View[struct{}]{}.One(p, struct{}{}) }
	require.Equal(t, `{"v":1}`+"\n", render(t, one, Printer{Format: JSON}))
}

func TestColor(t *testing.T) {
	list := func(p Printer) error { return things().List(p, []thing{{Name: "a", Size: 1}}) }
	require.Equal(t, "\x1b[1mNAME\x1b[0m  \x1b[1mSIZE\x1b[0m\n\x1b[32ma\x1b[0m        1\n", render(t, list, Printer{Color: true}))
}

func TestStream(t *testing.T) {
	two := func(p Printer) error {
		s := things().Stream(p)
		if err := s.Write(thing{Name: "a", Size: 1}); err != nil {
			return err
		}
		return s.Write(thing{Name: "b", Size: 2})
	}
	require.Equal(t, "NAME  SIZE\na        1\nb        2\n", render(t, two, Printer{}))
	require.Equal(t, `{"v":1,"name":"a","size":1}`+"\n"+`{"v":1,"name":"b","size":2}`+"\n", render(t, two, Printer{Format: JSON}))
	require.Equal(t, "---\nv: 1\nname: a\nsize: 1\n---\nv: 1\nname: b\nsize: 2\n", render(t, two, Printer{Format: YAML}))
	require.Equal(t, "#{v => 1,name => <<\"a\">>,size => 1}.\n#{v => 1,name => <<\"b\">>,size => 2}.\n", render(t, two, Printer{Format: Erl}))
}
