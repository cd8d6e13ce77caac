package termjson

import (
	"math/big"
	"strings"
	"testing"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"gonode/etf"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestForms(t *testing.T) {
	huge, _ := new(big.Int).SetString("123456789012345678901234567890", 10)
	pid := gen.PID{Node: "a@h", ID: 1, Creation: 7}
	for _, tt := range []struct {
		term         any
		plain, exact string
	}{
		{int64(-1), `-1`, `-1`},
		{huge, `123456789012345678901234567890`, `123456789012345678901234567890`},
		{1.0, `1.0`, `1.0`},
		{1e300, `1e+300`, `1e+300`},
		{gen.Atom("true"), `true`, `true`},
		{gen.Atom("null"), `null`, `null`},
		{gen.Atom("undefined"), `"undefined"`, `{"$atom":"undefined"}`},
		{[]byte("a<b\"\u00e9"), `"a<b\"é"`, `"a<b\"é"`},
		{[]byte{255}, `{"$binary":"/w=="}`, `{"$binary":"/w=="}`},
		{etf.List{}, `[]`, `[]`},
		{etf.List{int64('h'), int64('i')}, `[104,105]`, `[104,105]`},
		{etf.Tuple{gen.Atom("ok"), etf.List{int64(1)}}, `["ok",[1]]`, `{"$tuple":[{"$atom":"ok"},[1]]}`},
		{etf.ImproperList{Elems: []any{int64(1)}, Tail: int64(2)}, `[1,2]`, `{"$improper":[1,2]}`},
		{etf.Map{{Key: []byte("z"), Value: int64(1)}, {Key: []byte("a"), Value: int64(2)}}, `{"z":1,"a":2}`, `{"z":1,"a":2}`},
		{etf.Map{{Key: gen.Atom("k"), Value: int64(1)}}, `{"k":1}`, `{"$map":[[{"$atom":"k"},1]]}`},
		{etf.Map{{Key: int64(3), Value: int64(1)}}, `{"3":1}`, `{"$map":[[3,1]]}`},
		{etf.Map{{Key: []byte("$k"), Value: int64(1)}}, `{"$map":[["$k",1]]}`, `{"$map":[["$k",1]]}`},
		{etf.Map{{Key: gen.Atom("k"), Value: int64(1)}, {Key: []byte("k"), Value: int64(2)}},
			`{"$map":[[{"$atom":"k"},1],["k",2]]}`, `{"$map":[[{"$atom":"k"},1],["k",2]]}`},
		{pid, `"<a@h.1.0>"`, `{"$etf":"g1h3A2FAaAAAAAEAAAAAAAAABw==","text":"<a@h.1.0>"}`},
		{etf.BitString{Bytes: []byte{0xe0}, Bits: 3}, `"<<7:3>>"`, `{"$etf":"g00AAAABA+A=","text":"<<7:3>>"}`},
	} {
		require.Equal(t, tt.plain, string(Encoder{}.Append(nil, tt.term)))
		require.Equal(t, tt.exact, string(Encoder{Form: Exact}.Append(nil, tt.term)))
		back, err := Parse([]byte(tt.exact))
		require.NoError(t, err, tt.exact)
		require.True(t, etf.Equal(tt.term, back), "%s came back as %s", etf.Format(tt.term), etf.Format(back))
	}
}

func TestStrings(t *testing.T) {
	e := Encoder{Strings: true}
	require.Equal(t, `"hi"`, string(e.Append(nil, etf.List{int64('h'), int64('i')})))
	require.Equal(t, `[1,2]`, string(e.Append(nil, etf.List{int64(1), int64(2)})))
	require.Equal(t, `[]`, string(e.Append(nil, etf.List{})))
}

func TestParseAtoms(t *testing.T) {
	term, err := ParseAtoms([]byte(`{"b":1,"a":{"c":"x"}}`))
	require.NoError(t, err)
	require.Equal(t, `#{b => 1,a => #{c => <<"x">>}}`, etf.Format(term))
}

func TestParseErrors(t *testing.T) {
	for text, want := range map[string]string{
		``:                          "unexpected EOF",
		`[1`:                        "unexpected EOF",
		`1 2`:                       "something follows",
		`{"a":1,"a":2}`:             `the name "a" is there twice`,
		`{"$atom":1}`:               "$atom wants a string",
		`{"$tuple":1}`:              "$tuple wants an array",
		`{"$improper":[1]}`:         "array of 2 or more",
		`{"$map":[[1]]}`:            "[key, value]",
		`{"$what":1}`:               "is none of",
		`{"$atom":"a","x":1}`:       "other members",
		`{"$etf":"AAAA"}`:           "$etf: ",
		`{"$binary":"?"}`:           "$binary: ",
		strings.Repeat("[", 100000): "nests deeper",
	} {
		_, err := Parse([]byte(text))
		require.ErrorContains(t, err, want, "%.40s", text)
	}
}

// What Exact writes, Parse reads as the same term; and no bytes make Parse crash.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{`{"$tuple":[{"$atom":"ok"},1]}`, `{"$map":[[1,2.5]]}`, `[true,null,"x",{"k":1e3}]`, `{"$binary":"/w=="}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		term, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(Encoder{Form: Exact}.Append(nil, term))
		if err != nil || !etf.Equal(term, again) {
			t.Fatalf("%s: %v", etf.Format(term), err)
		}
	})
}
