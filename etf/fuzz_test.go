package etf

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"ergo.services/ergo/gen"
)

func seeds(f *testing.F) [][]byte {
	var all [][]byte
	for _, release := range releases {
		for _, g := range readGolden(f, release) {
			all = append(all, g.bytes)
		}
	}
	return all
}

// FuzzDecode: any bytes give a term that goes back and forth, or a *DecodeError.
func FuzzDecode(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b[1:])
	}
	local := &Identity{Node: "golden@h", Creation: 1, Runtime: 1 << 40}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := Decoder{Compressed: true, Intern: true, Local: local, Atoms: []any{gen.Atom("a"), gen.Atom("b")}, Limits: Limits{Size: 1 << 20}}
		term, n, err := d.Term(b)
		if err != nil {
			var de *DecodeError
			if !errors.As(err, &de) {
				t.Fatalf("%T", err)
			}
			return
		}
		if n > len(b) {
			t.Fatalf("%d of %d bytes", n, len(b))
		}
		e := Encoder{Local: local, Ports64: true}
		again, err := e.AppendTerm(nil, term)
		if err != nil {
			var ee *EncodeError
			if errors.As(err, &ee) && bytes.Contains(b, []byte{0}) {
				return // the node of an identifier is the empty atom, which is never written
			}
			t.Fatal(err)
		}
		back, n, err := (&Decoder{Local: local, Alias: true}).Term(again)
		if err != nil || n != len(again) || !Equal(term, back) || hashTerm(term) != hashTerm(back) {
			t.Fatalf("%v\n%v\n%v", term, back, err)
		}
		_ = FormatLimit(term, 1000)
		_, _ = Text(term)
		_, _ = IOData(term)
	})
}

// FuzzParseText: any text gives a term that Format prints so that it reads back, or a *SyntaxError.
func FuzzParseText(f *testing.F) {
	for _, release := range releases {
		for _, g := range readGolden(f, release) {
			f.Add(g.text)
		}
	}
	f.Add(`{ok, [1, 2.5e3, <<"x"/utf8, 5:3>>, #{a => 'B c', 16#ff => $a}|"s\x{41}"]} % end`)
	f.Fuzz(func(t *testing.T, s string) {
		term, err := ParseText(s)
		if err != nil {
			var se *SyntaxError
			if !errors.As(err, &se) || se.Offset > len(s) {
				t.Fatal(err)
			}
			return
		}
		back, err := ParseText(Format(term))
		if err != nil || !Equal(term, back) {
			t.Fatalf("%s: %v %v", Format(term), back, err)
		}
	})
}

// FuzzUnmarshal: any term is stored in any type, or there is a *ValueError.
func FuzzUnmarshal(f *testing.F) {
	for _, b := range seeds(f) {
		f.Add(b)
	}
	for _, v := range []any{
		user{Owner: gen.PID{Node: "a@h"}}, tagged{}, []time.Duration{1}, map[string]any{"a": 1},
		Map{{gen.Atom("u"), Map{{"name", 1}}}, {"n", Tuple{}}, {List{'m'}, Map{{Tuple{}, 1}}}},
	} {
		b, err := Append(nil, v)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		term, err := Decode(b)
		if err != nil {
			return
		}
		for _, target := range []any{
			new(user), new(tagged), new(native), new([]time.Duration), new(map[any]any), new([3]byte), new([]string), new(map[string]*point),
			new(string), new([]byte), new(**int), new(float32), new(uint8), new(gen.ProcessID), new(gen.Alias), new(Tuple), new(any), new(error),
			&struct {
				U user
				N native
				M map[any]level
			}{},
		} {
			var ve *ValueError
			if err := Unmarshal(term, target); err != nil && !errors.As(err, &ve) {
				t.Fatalf("%T", err)
			}
		}
	})
}
