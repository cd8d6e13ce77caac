%% Writes what term_to_binary (with the atoms of the distribution protocol) and io:format("~0tp") make of many terms, for golden_test.go:
%%   erlc golden.erl && erl -noshell -eval 'golden:main(["otp27.txt"])'
-module(golden).
-export([main/1]).
main([File]) ->
  R = list_to_integer(erlang:system_info(otp_release)),
  A = 5, B = <<1:3>>,
  Terms0 = [
    {"zero",0},{"byte",255},{"256",256},{"neg1",-1},{"i32max",2147483647},{"i32min",-2147483648},
    {"i32max1",2147483648},{"i32min1",-2147483649},{"i64max",9223372036854775807},{"i64min",-9223372036854775808},
    {"i64max1",9223372036854775808},{"i64min1",-9223372036854775809},{"u64max",18446744073709551615},{"pow64",1 bsl 64},
    {"big2040",(1 bsl 2040)-1},{"big2041",1 bsl 2040},{"bignegative",-(1 bsl 2100)},
    {"f0",0.0},{"f1",1.0},{"fneg",-1.5},{"f1e10",1.0e10},{"f1e5",1.0e5},{"f1e4",1.0e4},{"f12345",12345.678},{"fsmall",1.0e-5},{"f001",0.001},{"f0001",0.0001},{"fpi",3.141592653589793},
    {"fmax",1.7976931348623157e308},{"fmin",5.0e-324},{"f2p53",9007199254740992.0},{"f2p53b",9007199254740993.5},{"f100",100.0},{"f123456789",123456789.0},{"f1e15",1.0e15},{"f1e22",1.0e22},{"f123e20",1.23e20},{"f00012",0.00012},{"f0012345",0.012345},
    {"atom",abc},{"atom_empty",''},{"atom_quote",'Hello World'},{"atom_at",'a@b'},{"atom_esc",'a\'b\\c\n\t\v\b\r\f\e\d\0\001'},{"atom_c1",list_to_atom([$a,128,159])},{"atom_lat",list_to_atom([252,98])},{"atom_latup",list_to_atom([220,98])},
    {"atom_uni",list_to_atom([1090,1077])},{"atom_255",list_to_atom(lists:duplicate(255,$a))},{"atom_255u",list_to_atom(lists:duplicate(255,1090))},{"atom_255e",list_to_atom(lists:duplicate(255,16#1F600))},
    {"atom_fun",'fun'},{"atom_end",'end'},{"atom_maybe",'maybe'},{"atom_1",'1a'},{"atom_us",'_a'},{"true",true},{"undefined",undefined},
    {"tuple0",{}},{"tuple2",{a,1}},{"tuple300",list_to_tuple(lists:seq(1,300))},
    {"nil",[]},{"str","abc"},{"stresc","a\"\\\n\t\e"},{"strlat",[228,246]},{"bytes",[1,2,3]},{"str7f",[127]},
    {"list",[a,b,c]},{"list256",[256,1]},{"improper",[a|b]},{"improper3",[1,2|3]},{"nested",[[a],[[b]],[]]},{"unistr",[1090,1077]},{"iolist",["a",<<"b">>|<<"c">>]},
    {"bin",<<"abc">>},{"bin0",<<>>},{"bin123",<<1,2,3>>},{"binesc",<<"a\"\n">>},{"binutf8",<<"тест"/utf8>>},
    {"bit3",<<5:3>>},{"bit9",<<255,1:1>>},{"bit15",<<1,2:7>>},
    {"map0",#{}},{"map",#{a => 1}},{"map_mixed",#{1 => a}},{"mapbin",#{<<"k">> => [1,{2.5}]}},{"map40",maps:from_list([{I,I*I} || I <- lists:seq(1,40)])},
    {"pid",self()},{"ref",make_ref()},{"port",hd(erlang:ports())},
    {"export",fun lists:map/2},{"exportq",fun 'Elixir.Foo':'bar!'/255},
    {"fun0",fun() -> ok end},{"fun1",fun(X) -> X + A end},{"funfree",fun(X) -> {X,A,B,fun lists:map/2,self(),#{a => B}} end},
    {"funnested",begin F = fun() -> A end, fun() -> F() end end},
    {"mix",{ok,[#{x => {1,[2.0]}},<<"y">>,'Z']}}
  ],
  Terms = Terms0 ++ case R >= 24 of true -> [{"alias",apply(erlang,alias,[])}]; false -> [] end,
  {ok, D} = file:open(File, [write]),
  io:format(D, "# term_to_binary of OTP ~b: name, bytes, and what io:format(\"~~0tp\") prints. Made by golden.erl.~n", [R]),
  [line(D, N, term_to_binary(T, [{minor_version, 2}]), unicode:characters_to_binary(io_lib:format("~0tp", [T]))) || {N, T} <- Terms],
  Raw = [{"raw_old_atoms", term_to_binary([abc, list_to_atom([252])], [{minor_version, 1}])},
         {"raw_old_float", term_to_binary(1.5, [{minor_version, 0}])},
         {"raw_compressed", term_to_binary(lists:duplicate(1000, abc), [{compressed, 9}])}],
  [line(D, N, B2, <<>>) || {N, B2} <- Raw],
  file:close(D),
  halt().

line(D, Name, Bytes, Text) ->
  file:write(D, [Name, "\t", [io_lib:format("~2.16.0b", [X]) || <<X>> <= Bytes], "\t", Text, "\n"]).
