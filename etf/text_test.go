package etf

import (
	"math"
	"math/big"
	"strings"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
)

func TestText(t *testing.T) {
	for _, tt := range []struct {
		term any
		text string
		ok   bool
		data string // IOData
		isIO bool
	}{
		{"abc", "abc", true, "abc", true},
		{[]byte("é"), "é", true, "é", true},
		{[]byte{0xe9}, "", false, "\xe9", true},
		{List{}, "", true, "", true},
		{List{'a', 0xe9}, "aé", true, "a\xe9", true},
		{List{0x439}, "й", true, "", false},
		{List{List{'a', "b"}, []byte("c")}, "abc", true, "abc", true},
		{ImproperList{[]any{'a'}, []byte("b")}, "ab", true, "ab", true},
		{ImproperList{[]any{'a'}, 'b'}, "", false, "", false},
		{List{-1}, "", false, "", false},
		{List{0xd800}, "", false, "", false},
		{List{int64(math.MaxInt64)}, "", false, "", false},
		{List{gen.Atom("a")}, "", false, "", false},
		{gen.Atom("a"), "", false, "", false},
		{Tuple{}, "", false, "", false},
		{BitString{[]byte{1}, 3}, "", false, "", false},
	} {
		text, ok := Text(tt.term)
		require.Equal(t, tt.ok, ok, "%v", tt.term)
		require.Equal(t, tt.text, text, "%v", tt.term)
		data, ok := IOData(tt.term)
		require.Equal(t, tt.isIO, ok, "%v", tt.term)
		if ok {
			require.Equal(t, tt.data, string(data), "%v", tt.term)
		}
	}
	self := make(List, 1)
	self[0] = self
	_, ok := Text(self)
	require.False(t, ok)
}

func TestFormat(t *testing.T) {
	for _, tt := range []struct {
		term any
		want string
	}{
		{gen.PID{Node: "a@h", ID: 3<<32 | 100}, "<a@h.100.3>"},
		{gen.Ref{Node: "a@h", ID: [3]uint64{1 | 2<<32, 3, 3 << 32}}, "#Ref<a@h.3.2.1>"},
		{gen.Ref{Node: "a@h", ID: [3]uint64{1 | 2<<32, 3 | 4<<32, 5<<32 | 5}}, "#Ref<a@h.5.4.3.2.1>"},
		{gen.Alias{Node: "a@h", ID: [3]uint64{1, 2, 3}}, "#Ref<a@h.3.2.1>"},
		{gen.ProcessID{Name: "n", Node: "a@h"}, "{n,a@h}"},
		{Port{Node: "a@h", ID: 7}, "#Port<a@h.7>"},
		{Fun{Module: "m", OldIndex: 1, OldUniq: 2}, "#Fun<m.1.2>"},
		{Export{"m", "F", 1}, "fun m:'F'/1"},
		{Record{Module: "m", Name: "n", Fields: []Field{{"a", 1}, {"b", 2}}}, "#m:n{a = 1,b = 2}"},
		{nil, "undefined"},
		{true, "true"},
		{"text", `<<"text">>`},
		{struct{ A int }{1}, "#{a => 1}"},
		{make(chan int), "#Error<etf: a chan int has no term>"},
		{math.NaN(), "#Float<NaN>"},
		{math.Copysign(0, -1), "-0.0"},
		{[]byte("a\x00"), "<<97,0>>"},
		{[]byte("é\u0085"), "<<195,169,194,133>>"},
		{BitString{[]byte{5}, -1}, "<<5>>"},
		{BitString{[]byte{0xff}, 3}, "<<7:3>>"},
		{gen.Atom(""), "''"},
		{gen.Atom("\u0085\u2028"), "'\\205\u2028'"},
		{List{}, "[]"},
		{Tuple{List{'"', '\\'}, List{300}}, `{"\"\\",[300]}`},
	} {
		require.Equal(t, tt.want, Format(tt.term))
	}
	for _, v := range []interface{ String() string }{
		Tuple{}, List{}, Map{}, ImproperList{}, BitString{}, Port{}, Fun{}, Export{}, Record{},
	} {
		require.Equal(t, Format(v), v.String())
	}
}

func TestFormatLimit(t *testing.T) {
	self := make(List, 1)
	self[0] = self
	require.LessOrEqual(t, len(FormatLimit(self, 100)), 103)
	require.Contains(t, Format(self), "...")
	long := strings.Repeat("é", 1000)
	for _, term := range []any{
		long, List{long}, Tuple{1, long}, Map{{long, long}, {1, 2}}, Record{Fields: []Field{{"a", long}, {"b", long}}}, gen.Atom(strings.Repeat("é", 255)),
		make([]byte, 1000), List(make([]any, 1000)), new(big.Int).Lsh(big.NewInt(1), 10_000), ImproperList{[]any{long}, long},
		printableList(1000),
	} {
		for _, max := range []int{-1, 0, 1, 10, 31} {
			s := FormatLimit(term, max)
			require.LessOrEqual(t, len(s), max+4)
			require.True(t, strings.HasSuffix(s, "..."))
			require.True(t, strings.HasPrefix(Format(term), strings.TrimSuffix(s, "...")))
		}
	}
	require.Equal(t, "{1,2}", FormatLimit(Tuple{1, 2}, 5))
	require.Equal(t, "{1,2...", FormatLimit(Tuple{1, 2}, 4))
}

func printableList(n int) List {
	l := make(List, n)
	for i := range l {
		l[i] = 'a'
	}
	return l
}

func TestParseText(t *testing.T) {
	for _, tt := range []struct {
		text string
		want any
	}{
		{`{ok, [1, 2.5, <<"x">>, #{a => 'B c'}]}`, Tuple{gen.Atom("ok"), List{int64(1), 2.5, []byte("x"), Map{{gen.Atom("a"), gen.Atom("B c")}}}}},
		{" % comment\n ok . % end", gen.Atom("ok")},
		{"ok.", gen.Atom("ok")},
		{"16#ff", int64(255)},
		{"16#FF", int64(255)},
		{"36#zZ", int64(35*36 + 35)},
		{"2#1_01", int64(5)},
		{"1_000", int64(1000)},
		{"- 5", int64(-5)},
		{"-+-5", int64(5)},
		{"-16#ff", int64(-255)},
		{"1.0e-3", 0.001},
		{"-1.5E+3", -1500.0},
		{"1_0.2_5", 10.25},
		{"$a", int64('a')},
		{"$\\n", int64('\n')},
		{"$ ", int64(' ')},
		{"$й", int64('й')},
		{"-$a", int64(-'a')},
		{"100000000000000000000", func() any { v, _ := new(big.Int).SetString("100000000000000000000", 10); return v }()},
		{`"a" "b" % and` + "\n" + `"c"`, List{int64('a'), int64('b'), int64('c')}},
		{`""`, List{}},
		{`"\x41\x{42}\103\^A\s\e\d\"\q"`, List{int64('A'), int64('B'), int64('C'), int64(1), int64(' '), int64(27), int64(127), int64('"'), int64('q')}},
		{`'a\'b'`, gen.Atom("a'b")},
		{"'fun'", gen.Atom("fun")},
		{"maybe", gen.Atom("maybe")},
		{"fun_x", gen.Atom("fun_x")},
		{"a@B_1", gen.Atom("a@B_1")},
		{"éa", gen.Atom("éa")},
		{"[]", List{}},
		{"[a|b]", ImproperList{[]any{gen.Atom("a")}, gen.Atom("b")}},
		{"[a|[b]]", List{gen.Atom("a"), gen.Atom("b")}},
		{"[a|[b|c]]", ImproperList{[]any{gen.Atom("a"), gen.Atom("b")}, gen.Atom("c")}},
		{"[a|\"b\"]", List{gen.Atom("a"), int64('b')}},
		{"{ }", Tuple{}},
		{"#{}", Map{}},
		{"# { 1 => #{} , {} => [] }", Map{{int64(1), Map{}}, {Tuple{}, List{}}}},
		{"fun lists:map/2", Export{"lists", "map", 2}},
		{"fun 'Elixir.Foo' : 'bar!' / 255", Export{"Elixir.Foo", "bar!", 255}},
		{"<<>>", []byte{}},
		{"<< 1 , 2 >>", []byte{1, 2}},
		{"<<-1, 256>>", []byte{255, 0}},
		{`<<"é"/utf8, "é">>`, []byte{0xc3, 0xa9, 0xe9}},
		{`<<1081/utf8>>`, []byte("й")},
		{"<<5:3>>", BitString{[]byte{5 << 5}, 3}},
		{"<<5:3,1:5>>", []byte{5<<5 | 1}},
		{"<<1:1,255>>", BitString{[]byte{255, 128}, 1}},
		{"<<1000:16, 1:0>>", []byte{3, 232}},
		{`<<"ab":16>>`, []byte{0, 'a', 0, 'b'}},
		{"<<1.5/float>>", []byte{0x3f, 0xf8, 0, 0, 0, 0, 0, 0}},
		{"<<1:64/float>>", []byte{0x3f, 0xf0, 0, 0, 0, 0, 0, 0}},
		{"<<$a, 7/integer>>", []byte{'a', 7}},
		{"<<1267650600228229401496703205376:104>>", []byte{16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}},
	} {
		got, err := ParseText(tt.text)
		require.NoError(t, err, tt.text)
		require.Equal(t, tt.want, got, tt.text)
	}
}

func TestParseTextErrors(t *testing.T) {
	for _, tt := range []struct {
		text   string
		offset int
		what   string
	}{
		{"", 0, "ends where a term is expected"},
		{"{ok", 3, "ends where , or } is expected"},
		{"{ok,}", 4, `"}" does not start a term`},
		{"[1 2]", 3, `"2]" where , or | or ] is expected`},
		{"[1|2,3]", 4, `where ] is expected`},
		{"#{a=>1 b}", 7, "where , or } is expected"},
		{"#{a:=1}", 3, "where => is expected"},
		{"#{a=>1,a=>2}", 0, "the key a twice"},
		{"#rec{}", 0, "only #{ starts a literal"},
		{"#Ref<1.2>", 0, "only #{ starts a literal"},
		{"<0.1.0>", 0, "pids have no literal"},
		{"ok ok", 3, `"ok" is left over`},
		{"Var", 0, "looks like a variable; quote it if it is an atom: 'Var'"},
		{"_", 0, "looks like a variable"},
		{"end", 0, "reserved word"},
		{"'abc", 0, "closing '"},
		{`"abc`, 0, "closing \""},
		{`"\x4"`, 4, "two hexadecimal digits"},
		{`"\x{}"`, 5, "is no character"},
		{`"\x{110000}"`, 11, "is no character"},
		{`"\x{41"`, 6, "where } is expected"},
		{`"\^!"`, 4, "needs a letter"},
		{"\"\xff\"", 1, "not valid UTF-8"},
		{`"\`, 2, "after a backslash"},
		{"$", 1, "after $"},
		{"-a", 1, "where a digit is expected"},
		{"1#1", 0, "base"},
		{"37#1", 0, "base"},
		{"2#2", 2, "no digit of base 2"},
		{"1.5e", 4, "a digit is expected"},
		{"1.0e999", 0, "too large"},
		{"1__0", 1, "left over"},
		{"'" + strings.Repeat("a", 256) + "'", 0, "255 characters"},
		{strings.Repeat("a", 256), 0, "255 characters"},
		{strings.Repeat("[", 5000), 1024, "1024 deep"},
		{strings.Repeat("9", maxNumber+1), 0, "more than 200000 digits"},
		{"36#" + strings.Repeat("z", maxNumber), 0, "more than 65536 bytes"},
		{"1." + strings.Repeat("9", maxNumber), maxNumber + 2, "digits"},
		{"fun x", 5, "where : is expected"},
		{"fun m:f", 7, "where / is expected"},
		{"fun m:f/256", 8, "arity"},
		{"fun m:f/-1", 8, "arity"},
		{"fun(X) -> X end", 3, "does not start a term"},
		{"<<a>>", 2, "a digit is expected"},
		{"<<1", 3, "ends where , or >> is expected"},
		{"<<1.5>>", 2, "needs the type"},
		{`<<"й">>`, 2, "add the type /utf8"},
		{"<<1:65537>>", 4, "at most 65536 bits"},
		{"<<1:16/float>>", 2, "64 bits"},
		{"<<1:8/utf8>>", 2, "without a size"},
		{"<<-1/utf8>>", 2, "utf8"},
		{"<<1/binary>>", 2, "integer, float or utf8"},
		{`<<"` + strings.Repeat("a", 200) + `":65536>>`, 2, "add up"},
	} {
		_, err := ParseText(tt.text)
		var se *SyntaxError
		require.ErrorAs(t, err, &se, "%.40q", tt.text)
		require.ErrorContains(t, err, tt.what, "%.40q", tt.text)
		require.Equal(t, tt.offset, se.Offset, "%.40q: %v", tt.text, err)
	}
}

// No part of a text is the text.
func TestParseTextPrefixes(t *testing.T) {
	text := `{ok,[-1.5e10,"s\x{41}",<<"x"/utf8,5:3>>,#{'A' => fun m:f/1}|$a]}`
	_, err := ParseText(text)
	require.NoError(t, err)
	for n := range len(text) {
		_, err := ParseText(text[:n])
		require.Error(t, err, text[:n])
	}
}
