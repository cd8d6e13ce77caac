package etf

import (
	"errors"
	"math"
	"math/big"
	"reflect"
	"testing"
	"time"

	"ergo.services/ergo/gen"
	"github.com/stretchr/testify/require"
)

type level uint8

func (l level) MarshalETF() (any, error) {
	if l > 2 {
		return nil, errors.New("no such level")
	}
	return gen.Atom([]string{"low", "middle", "high"}[l]), nil
}

func (l *level) UnmarshalETF(term any) error {
	for i, name := range []gen.Atom{"low", "middle", "high"} {
		if term == any(name) {
			*l = level(i)
			return nil
		}
	}
	return errors.New("no such level")
}

type base struct {
	ID   uint64
	Note string `etf:",omitempty"`
}

type Extra struct{ Color, Note string }

type user struct {
	base
	*Extra
	Name     string `etf:"name"`
	Age      uint8
	Emails   []string       `etf:"emails,omitempty"`
	Limits   map[string]int `etf:",omitempty"`
	Timeout  time.Duration
	Level    level
	Boss     *user
	Owner    gen.PID `etf:"pid"`
	Anything any
	Secret   string `etf:"-"`
	private  int
}

type point struct {
	_    struct{} `etf:"tuple"`
	X, Y float64
}

type tagged struct {
	_ struct{} `etf:"tuple=point"`
	X int
	P point
}

type native struct {
	_ struct{} `etf:"record=nr:pt"`
	X int
	Y []gen.Atom
}

func TestMarshalStruct(t *testing.T) {
	pid := gen.PID{Node: "a@h", ID: 1}
	u := user{
		base: base{ID: 7}, Name: "Ada", Age: 36, Emails: []string{"a@b"}, Limits: map[string]int{"cpu": 2, "a": 1},
		Timeout: 1500*time.Millisecond + 999, Level: 2, Boss: &user{Extra: &Extra{Color: "red", Note: "hidden"}, Owner: pid},
		Owner: pid, Anything: 1, Secret: "s", private: 1,
	}
	term, err := Marshal(&u)
	require.NoError(t, err)
	require.Equal(t, `#{id => 7,name => <<"Ada">>,age => 36,emails => [<<"a@b">>],limits => #{<<"a">> => 1,<<"cpu">> => 2},`+
		`timeout => 1500,level => high,boss => #{id => 0,color => <<"red">>,name => <<>>,age => 0,timeout => 0,level => low,`+
		`boss => undefined,pid => <a@h.1.0>,anything => undefined},pid => <a@h.1.0>,anything => 1}`, Format(term))

	var back user
	require.NoError(t, Unmarshal(term, &back))
	u.Secret, u.private, u.Timeout, u.Anything = "", 0, 1500*time.Millisecond, int64(1)
	u.Extra, u.Boss.Extra.Note, u.Boss.Anything = back.Extra, "", gen.Atom("undefined")
	require.Equal(t, u, back)
}

func TestMarshalForms(t *testing.T) {
	in := tagged{X: 1, P: point{X: 2, Y: 3}}
	term, err := Marshal([]tagged{in})
	require.NoError(t, err)
	require.Equal(t, "[{point,1,{2.0,3.0}}]", Format(term))
	var out []tagged
	require.NoError(t, Unmarshal(term, &out))
	require.Equal(t, []tagged{in}, out)

	rec := native{X: 7, Y: []gen.Atom{"a"}}
	term, err = Marshal(rec)
	require.NoError(t, err)
	require.Equal(t, Record{Module: "nr", Name: "pt", Fields: []Field{{"x", int64(7)}, {"y", List{gen.Atom("a")}}}}, term)
	var rec2 native
	require.NoError(t, Unmarshal(term, &rec2))
	require.Equal(t, rec, rec2)
}

type celsius struct{ degrees float64 }

func (c *celsius) MarshalETF() (any, error) { return []any{c.degrees, gen.Atom("c")}, nil }

type key int

type name string

func TestMarshalKinds(t *testing.T) {
	type embedding struct {
		_ struct{} `etf:"tuple"`
		*Extra
		B bool
	}
	type Self struct {
		*Self
		A int
	}
	warm := []celsius{{1.5}}
	var err error
	for _, tt := range []struct {
		in   any
		want string
	}{
		{[2]byte{1, 2}, "<<1,2>>"},
		{&[2]byte{1, 2}, "<<1,2>>"},
		{[]level{0, 2}, "[low,high]"},
		{[2]level{0, 2}, "[low,high]"},
		{[]uint8(nil), "<<>>"},
		{[2]int{1, 2}, "[1,2]"},
		{map[int]bool{2: true, -1: false}, "#{-1 => false,2 => true}"},
		{map[uint8]name{2: "b", 1: "a"}, `#{1 => <<"a">>,2 => <<"b">>}`},
		{map[gen.Atom]any{"b": nil, "a": key(1)}, "#{a => 1,b => undefined}"},
		{map[any]any{}, "#{}"},
		{[]string(nil), "[]"},
		{(*int)(nil), "undefined"},
		{uint64(math.MaxUint64), "18446744073709551615"},
		{[]uint64{math.MaxUint64}, "[18446744073709551615]"},
		{[]uintptr{1000}, "[1000]"},
		{*big.NewInt(1), "1"},
		{struct{ N *big.Int }{big.NewInt(5)}, "#{n => 5}"},
		{warm, "[[1.5,c]]"},
		{&warm[0], "[1.5,c]"},
		{embedding{B: true}, "{undefined,undefined,true}"},
		{Self{A: 1}, "#{a => 1}"},
		{struct{ M Marshaler }{}, "#{m => undefined}"},
		{[]error{nil}, "[undefined]"},
		{[]any{float32(0.5), struct{}{}}, "[0.5,#{}]"},
		{gen.Env("x"), `<<"x">>`},
		{List{Record{Module: "m", Name: "n", Fields: []Field{{"f", true}}}}, "[#m:n{f = true}]"},
		{[]any{Tuple{map[string]int{}}, Map{{"k", []int{300}}}, ImproperList{[]any{key(1)}, List{key(2)}}}, `[{#{}},#{<<"k">> => [300]},[1,2]]`},
	} {
		term, merr := Marshal(tt.in)
		require.NoError(t, merr, tt.want)
		require.Equal(t, tt.want, Format(term))
		_, err = Append(nil, tt.in)
		require.NoError(t, err, tt.want)
	}
	_, err = Marshal(level(3))
	require.ErrorIs(t, err, errors.Unwrap(err))
	require.EqualError(t, errors.Unwrap(err), "no such level")
}

func TestMarshalErrors(t *testing.T) {
	type loop struct{ Next *loop }
	cycle := &loop{}
	cycle.Next = cycle
	for name, tt := range map[string]struct {
		in   any
		want string
	}{
		"path":        {map[string]any{"a": []any{1, user{Level: 3}}}, "etf: [a][1].level: MarshalETF of etf.level: no such level"},
		"nested path": {struct{ User struct{ F any } }{struct{ F any }{math.NaN()}}, "etf: user.f: NaN is no Erlang float"},
		"channel":     {make(chan int), "etf: a chan int has no term"},
		"complex":     {[]complex128{1}, "etf: [0]: a complex128 has no term"},
		"map key":     {map[any]int{make(chan int): 1}, "a chan int has no term"},
		"term":        {Map{{1, Tuple{1, math.Inf(1)}}}, "etf: [1][1]: +Inf is no Erlang float"},
		"record":      {Record{Fields: []Field{{"f", math.NaN()}}}, "etf: f: NaN"},
		"tail":        {ImproperList{[]any{1}, math.NaN()}, "NaN"},
		"fun":         {Fun{Free: []any{math.NaN()}}, "NaN"},
		"tag": {struct {
			_ struct{} `etf:"tupel"`
		}{}, `none of "tuple"`},
		"tuple field": {struct {
			_ struct{} `etf:"tuple"`
			F any
		}{F: math.NaN()}, "etf: f: NaN"},
		"record field": {struct {
			_ struct{} `etf:"record=m:n"`
			F any
		}{F: math.NaN()}, "etf: f: NaN"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Marshal(tt.in)
			var ve *ValueError
			require.ErrorAs(t, err, &ve)
			require.ErrorContains(t, err, tt.want)
			require.NotContains(t, FormatLimit(tt.in, 100), "panic")
		})
	}
	_, err := Marshal(cycle)
	require.ErrorContains(t, err, "contain itself")
}

func TestUnmarshal(t *testing.T) {
	num := int64(5)
	tests := []struct {
		term   string
		target any // pointer to a zero value
		want   any
	}{
		{`true`, new(bool), true},
		{`-128`, new(int8), int8(-128)},
		{`18446744073709551615`, new(uint64), uint64(math.MaxUint64)},
		{`18446744073709551616`, new(float64), 18446744073709551616.0},
		{`5`, new(float32), float32(5)},
		{`2.5`, new(float64), 2.5},
		{`<<"x">>`, new(string), "x"},
		{`"йx"`, new(string), "йx"},
		{`abc`, new(string), "abc"},
		{`[$a, "b", [<<"c">>] | <<"d">>]`, new(string), "abcd"},
		{`[]`, new(string), ""},
		{`abc`, new(gen.Atom), gen.Atom("abc")},
		{`[1, "b", [<<"c">>] | <<"d">>]`, new([]byte), []byte("\x01bcd")},
		{`[]`, new([]byte), []byte{}},
		{`<<1,2>>`, new([2]byte), [2]byte{1, 2}},
		{`[1,2]`, new([2]byte), [2]byte{1, 2}},
		{`["a"|<<"b">>]`, new([]byte), []byte("ab")},
		{`{1,2}`, new([2]int), [2]int{1, 2}},
		{`[low,high]`, new([]level), []level{0, 2}},
		{`["ab",<<"c">>]`, new([]string), []string{"ab", "c"}},
		{`nil`, new([]string), []string(nil)},
		{`#{a => 1, <<"b">> => 2, "c" => 3}`, new(map[string]int), map[string]int{"a": 1, "b": 2, "c": 3}},
		{`#{a => 1, <<"b">> => 2.5}`, new(map[any]any), map[any]any{gen.Atom("a"): int64(1), "b": 2.5}},
		{`null`, new(map[any]any), map[any]any(nil)},
		{`1500`, new(time.Duration), 1500 * time.Millisecond},
		{`undefined`, new(*int64), (*int64)(nil)},
		{`5`, new(*int64), &num},
		{`5`, new(*big.Int), big.NewInt(5)},
		{`5`, new(big.Int), *big.NewInt(5)},
		{`18446744073709551616`, new(*big.Int), new(big.Int).Lsh(big.NewInt(1), 64)},
		{`18446744073709551616`, new(big.Int), *new(big.Int).Lsh(big.NewInt(1), 64)},
		{`{a,[1]}`, new(any), Tuple{gen.Atom("a"), List{int64(1)}}},
		{`{a,[1]}`, new(Tuple), Tuple{gen.Atom("a"), List{int64(1)}}},
		{`[1]`, new([]any), []any{int64(1)}},
		{`[1]`, new(List), List{int64(1)}},
		{`#{1 => 2}`, new(Map), Map{{int64(1), int64(2)}}},
		{`{n,'a@h'}`, new(gen.ProcessID), gen.ProcessID{Name: "n", Node: "a@h"}},
		{`{1.0,2}`, new(point), point{X: 1, Y: 2}},
		{`{point,1,{1.0,2}}`, new(tagged), tagged{X: 1, P: point{X: 1, Y: 2}}},
		{`#{x => 1, <<"y">> => 2, "z" => 3, 4 => 5, none => 6}`, new(struct{ X, Y, Z int }), struct{ X, Y, Z int }{1, 2, 3}},
		{`#{color => blue}`, new(user), user{Extra: &Extra{Color: "blue"}}},
	}
	for _, tt := range tests {
		t.Run(tt.term, func(t *testing.T) {
			term, err := ParseText(tt.term)
			require.NoError(t, err)
			require.NoError(t, Unmarshal(term, tt.target))
			require.Equal(t, tt.want, deref(tt.target))
		})
	}
	var alias gen.Alias
	require.NoError(t, Unmarshal(gen.Ref{Node: "n"}, &alias))
	require.Equal(t, gen.Alias{Node: "n"}, alias)
	kept := 1
	target := struct {
		P *int
		Q int
	}{&kept, 2}
	require.NoError(t, Unmarshal(Map{{gen.Atom("p"), 7}}, &target))
	require.Equal(t, 7, kept)
	require.Equal(t, 2, target.Q)
}

func TestUnmarshalErrors(t *testing.T) {
	type nested struct{ User struct{ Age uint8 } }
	tests := []struct {
		term   string
		target any
		want   string
	}{
		{`#{user => #{age => 300}}`, new(nested), "etf: user.age: 300 does not fit uint8"},
		{`[#{age => x}]`, new([]user), "etf: [0].age: atom x does not fit uint8"},
		{`#{a => #{b => c}}`, new(map[string]map[string]int), "etf: [a][b]: atom c does not fit int"},
		{`-1`, new(uint), "-1 does not fit uint"},
		{`128`, new(int8), "128 does not fit int8"},
		{`18446744073709551616`, new(uint64), "18446744073709551616 does not fit uint64"},
		{`18446744073709551616`, new(int64), "18446744073709551616 does not fit int64"},
		{`1.0`, new(int), "float 1.0 does not fit int"},
		{`1.0e300`, new(float32), "does not fit float32"},
		{`a`, new(float32), "atom a does not fit float32"},
		{`1`, new(bool), "integer 1 does not fit bool"},
		{`abc`, new(bool), "atom abc does not fit bool"},
		{`<<"a">>`, new(gen.Atom), "binary <<\"a\">> does not fit gen.Atom"},
		{`"a"`, new(gen.Atom), "list \"a\" does not fit gen.Atom"},
		{`{1}`, new(string), "tuple {1} does not fit string"},
		{`[-1]`, new(string), "list [-1] does not fit string"},
		{`[256]`, new([]byte), "list [256] does not fit []uint8"},
		{`{1}`, new([]int), "tuple {1} does not fit []int"},
		{`[1]`, new(Tuple), "does not fit etf.Tuple"},
		{`{1}`, new(gen.PID), "tuple {1} does not fit gen.PID"},
		{`{1}`, new(gen.Alias), "does not fit gen.Alias"},
		{`{1,2}`, new(gen.ProcessID), "does not fit gen.ProcessID"},
		{`[1,2]`, new([3]int), "2 elements do not fit [3]int"},
		{`<<1>>`, new([3]byte), "1 bytes do not fit [3]uint8"},
		{`<<1>>`, new([3]int), "binary <<1>> does not fit [3]int"},
		{`a`, new([3]int), "atom a does not fit [3]int"},
		{`[a]`, new([1]int), "etf: [0]: atom a"},
		{`[a]`, new([]int), "etf: [0]: atom a"},
		{`a`, new(map[string]int), "atom a does not fit map"},
		{`#{a => 1, "a" => 2}`, new(map[string]int), "two keys"},
		{`#{{1} => 1}`, new(map[any]int), "cannot be the key of a Go map"},
		{`[1]`, new(user), "list [1] does not fit etf.user"},
		{`a`, new(point), "atom a does not fit etf.point"},
		{`{1}`, new(point), "1 elements for the 2 fields"},
		{`{a,1}`, new(tagged), "does not start with the tag point"},
		{`{}`, new(tagged), "does not start with the tag point"},
		{`{a,1}`, new(point), "etf: x: atom a does not fit float64"},
		{`{a}`, new(native), "does not fit etf.native"},
		{`none`, new(level), "etf: UnmarshalETF of etf.level: no such level"},
		{`9223372036854775807`, new(time.Duration), "milliseconds do not fit"},
		{`a`, new(error), "atom a does not fit error"},
		{`a`, new(chan int), "atom a does not fit chan int"},
		{`a`, new(big.Int), "atom a does not fit big.Int"},
		{`a`, nil, "needs a pointer"},
		{`a`, 1, "needs a pointer"},
		{`a`, (*int)(nil), "needs a pointer"},
	}
	for _, tt := range tests {
		t.Run(tt.term, func(t *testing.T) {
			term, err := ParseText(tt.term)
			require.NoError(t, err)
			err = Unmarshal(term, tt.target)
			var ve *ValueError
			require.ErrorAs(t, err, &ve)
			require.ErrorContains(t, err, tt.want)
		})
	}
	var n native
	bad := Record{Module: "nr", Name: "pt", Fields: []Field{{"x", "y"}}}
	require.ErrorContains(t, Unmarshal(bad, &n), "etf: x: binary")
}

func TestSnakeCase(t *testing.T) {
	for in, want := range map[string]string{
		"ID": "id", "UserID": "user_id", "HTTPPort": "http_port", "Name": "name", "X1": "x1", "A_B": "a_b", "ÜberName": "über_name", "OAuth2Token": "o_auth2_token",
	} {
		require.Equal(t, want, snakeCase(in))
	}
}

func TestKindOf(t *testing.T) {
	for want, term := range map[string]any{
		"integer": int64(1), "float": 1.0, "bit string": BitString{}, "tuple": Tuple{}, "list": ImproperList{}, "map": Map{}, "pid": gen.PID{},
		"reference": gen.Ref{}, "port": Port{}, "fun": Export{}, "native record": Record{}, "struct {}": struct{}{},
	} {
		require.Equal(t, want, kindOf(term))
	}
}

func deref(p any) any { return reflect.ValueOf(p).Elem().Interface() }
