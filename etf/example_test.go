package etf_test

import (
	"fmt"
	"time"

	"ergo.services/ergo/gen"

	"gonode/etf"
)

func Example() {
	term := etf.Tuple{gen.Atom("ok"), []any{1, 2.5, "binary"}, etf.Map{{Key: gen.Atom("a"), Value: nil}}}
	b, err := etf.Append(nil, term)
	if err != nil {
		fmt.Println(err)
		return
	}
	back, err := etf.Decode(b)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(back)
	fmt.Println(etf.Equal(term, back))
	// Output:
	// {ok,[1,2.5,<<"binary">>],#{a => undefined}}
	// true
}

func ExampleDecoder_Term() {
	// A distribution frame has terms without a version byte, one after the other.
	frame := []byte("h\x02R\x00a\x07" + "w\x02hi")
	d := etf.Decoder{Atoms: []any{gen.Atom("send")}, Intern: true}
	control, n, err := d.Term(frame)
	if err != nil {
		fmt.Println(err)
		return
	}
	message, _, err := d.Term(frame[n:])
	fmt.Println(control, etf.Format(message), err)

	_, _, err = d.Term([]byte("l\xff\xff\xff\xff"))
	fmt.Println(err)
	// Output:
	// {send,7} hi <nil>
	// etf: term is cut short at byte 5: list of 4294967295 elements, but only 0 bytes are left for it
}

func ExampleMarshal() {
	type User struct {
		Name    string
		Age     int `etf:",omitempty"`
		Timeout time.Duration
	}
	term, err := etf.Marshal(User{Name: "Ada", Timeout: 5 * time.Second})
	fmt.Println(etf.Format(term), err)
	// Output: #{name => <<"Ada">>,timeout => 5000} <nil>
}

func ExampleUnmarshal() {
	term, err := etf.ParseText(`#{name => "Ada", tags => [a, <<"b">>], user => #{age => 300}}`)
	if err != nil {
		fmt.Println(err)
		return
	}
	var v struct {
		Name string
		Tags []string
		User struct{ Age uint8 }
	}
	err = etf.Unmarshal(term, &v)
	fmt.Println(v.Name, v.Tags)
	fmt.Println(err)
	// Output:
	// Ada [a b]
	// etf: user.age: 300 does not fit uint8
}

func ExampleParseText() {
	term, err := etf.ParseText(`{gen_tcp, connect, ["localhost", 16#50, [binary, {active, false}]]}. % a call`)
	fmt.Println(term, err)
	_, err = etf.ParseText(`{ok, Value}`)
	fmt.Println(err)
	// Output:
	// {gen_tcp,connect,["localhost",80,[binary,{active,false}]]} <nil>
	// etf: syntax error at byte 5: Value looks like a variable; quote it if it is an atom: 'Value'
}

func ExampleText() {
	term, _ := etf.ParseText(`["a", [98, <<"c">>] | <<"d">>]`)
	s, ok := etf.Text(term)
	fmt.Println(s, ok)
	// Output: abcd true
}
