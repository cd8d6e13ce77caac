%% Random terms of every kind, for the tests that send them to a Go node and back. OTP 23 to 29.
-module(gonode_terms).
-export([echo/4, mirror/1]).

%% echo(Server, Batches, Size, Pids): calls Server, which answers {echo, Request}, with Batches lists of Size random terms
%% each. Pids are of the other node, to be used in terms. Returns {ok, Summary} with how many terms of each kind there
%% were, or the first term that came back as another.
echo(Server, Batches, Size, Pids) ->
    Context = #{pids => [self() | Pids], ports => erlang:ports(), atoms => atoms(3000)},
    echo(Server, Batches, Size, Context, #{}).

echo(_, 0, _, _, Counts) -> {ok, Counts};
echo(Server, N, Size, Context, Counts) ->
    Terms = [term(3, Context) || _ <- lists:seq(1, Size)] ++ seldom(N, Context),
    case gen_server:call(Server, Terms, 30000) of
        {echo, Terms} -> echo(Server, N - 1, Size, Context, lists:foldl(fun count/2, Counts, Terms));
        {echo, Other} when length(Other) =:= length(Terms) -> {differ, [P || P = {A, B} <- lists:zip(Terms, Other), A =/= B]};
        Other -> {odd_answer, Other}
    end.

%% Large terms, once in a while: 1 MiB binaries, and the longest atoms.
seldom(N, _) when N rem 25 =:= 0 -> [rand_bytes(1 bsl 20), lists:duplicate(70000, 7), maps:from_list([{I, I} || I <- lists:seq(1, 5000)])];
seldom(N, _) when N rem 25 =:= 1 -> [list_to_tuple(lists:seq(1, 300)), list_to_atom(lists:duplicate(255, 16#1F600 + N))];
seldom(_, _) -> [].

%% mirror(Name): starts a process, registered as Name, that sends {From, Term} back to From as {mirror, Term}.
mirror(Name) ->
    Self = self(),
    Pid = spawn(fun() -> register(Name, self()), Self ! {self(), ready}, mirroring() end),
    receive {Pid, ready} -> ok end.

mirroring() -> receive {From, Term} -> From ! {mirror, Term}, mirroring() end.

%%% Kinds.

term(0, Context) -> leaf(rand:uniform(13), Context);
term(Depth, Context) ->
    Some = fun(Max) -> [term(Depth - 1, Context) || _ <- lists:seq(1, rand:uniform(Max + 1) - 1)] end,
    case rand:uniform(9) of
        1 -> list_to_tuple(Some(5));
        2 -> Some(5);
        3 -> Some(4) ++ term(Depth - 1, Context); % improper, unless the last is a list
        4 -> maps:from_list([{term(Depth - 1, Context), term(Depth - 1, Context)} || _ <- lists:seq(1, rand:uniform(8))]);
        5 -> local_fun(Some(3));
        _ -> leaf(rand:uniform(13), Context)
    end.

leaf(1, _) -> rand:uniform(300) - 20;
leaf(2, _) -> rand:uniform(1 bsl 64) - (1 bsl 63);
leaf(3, _) -> big();
leaf(4, _) -> float();
leaf(5, #{atoms := Atoms}) -> pick(Atoms);
leaf(6, _) -> rand_bytes(rand:uniform(100) - 1);
leaf(7, _) -> Bits = rand:uniform(7), <<(rand_bytes(rand:uniform(9) - 1))/binary, (rand:uniform(128)):Bits>>;
leaf(8, _) -> reference(rand:uniform(3));
leaf(9, #{pids := Pids}) -> pick([spawned() | Pids]);
leaf(10, #{ports := Ports}) -> pick([old_port() | tuple_to_list(list_to_tuple(Ports))]);
leaf(11, #{atoms := Atoms}) -> external_fun(pick(Atoms), pick(Atoms), rand:uniform(256) - 1);
leaf(12, _) -> [rand:uniform(256) - 1 || _ <- lists:seq(1, rand:uniform(20))];
leaf(13, _) -> pick([[], {}, #{}, <<>>, "", '', 0, true, undefined]).

pick(Tuple) when is_tuple(Tuple) -> element(rand:uniform(tuple_size(Tuple)), Tuple);
pick(List) -> lists:nth(rand:uniform(length(List)), List).

rand_bytes(N) -> << <<(rand:uniform(256) - 1)>> || _ <- lists:seq(1, N) >>.

big() ->
    Size = 8 * (8 + rand:uniform(300)),
    <<N:Size>> = rand_bytes(Size div 8),
    case rand:uniform(2) of 1 -> N; 2 -> -N end.

float() ->
    case rand_bytes(8) of
        <<F/float>> -> F;
        _ -> pick([0.0, 1.5, -1.0e300, 5.0e-324, 1.7976931348623157e308])
    end.

%% Of this node (an alias has 5 words from OTP 26 on), of a node that is not there, and of another life of this one.
reference(1) -> make_ref();
reference(2) ->
    case erlang:function_exported(erlang, alias, 0) of
        true -> A = apply(erlang, alias, []), apply(erlang, unalias, [A]), A;
        false -> make_ref()
    end;
reference(3) ->
    Most = case erlang:function_exported(erlang, alias, 0) of true -> 5; false -> 3 end,
    Words = rand:uniform(Most),
    Node = pick(['x@nowhere', node()]),
    from_wire(<<90, Words:16, (atom(Node))/binary, 3:32, (rand:uniform(1 bsl 18) - 1):32, 0:((Words - 1) * 32)>>).

spawned() ->
    case rand:uniform(2) of
        1 -> spawn(fun() -> ok end);
        2 -> from_wire(<<88, (atom(pick(['x@nowhere', node()])))/binary, (rand:uniform(32767)):32, (rand:uniform(8191)):32, 3:32>>)
    end.

old_port() -> from_wire(<<89, (atom('x@nowhere'))/binary, (rand:uniform(1 bsl 27)):32, 2:32>>).

atom(Atom) -> <<131, Encoded/binary>> = term_to_binary(Atom), Encoded.

from_wire(Bytes) -> binary_to_term(<<131, Bytes/binary>>).

local_fun(Free) -> fun(X) -> {X, Free} end.

external_fun(Module, Function, Arity) -> fun Module:Function/Arity.

%% More atoms than the cache of a connection has places.
atoms(N) -> list_to_tuple([list_to_atom(atom_text(I)) || I <- lists:seq(1, N)]).

atom_text(I) when I rem 50 =:= 0 -> [$a + I rem 26 | lists:duplicate(254, 16#4E00 + I)];
atom_text(I) when I rem 7 =:= 0 -> "ä€ 'q\n" ++ integer_to_list(I);
atom_text(I) -> "atom_" ++ integer_to_list(I).

%%% What there was.

count(Term, Counts) -> maps:update_with(kind(Term), fun(N) -> N + 1 end, 1, parts(Term, Counts)).

parts(Term, Counts) when is_tuple(Term) -> lists:foldl(fun count/2, Counts, tuple_to_list(Term));
parts(Term, Counts) when is_map(Term) -> maps:fold(fun(K, V, C) -> count(K, count(V, C)) end, Counts, Term);
parts([H | T], Counts) -> parts(T, count(H, Counts));
parts([], Counts) -> Counts;
parts(_, Counts) -> Counts.

kind(T) when is_integer(T), T >= -(1 bsl 63), T < 1 bsl 63 -> integer;
kind(T) when is_integer(T) -> big;
kind(T) when is_float(T) -> float;
kind(T) when is_atom(T) -> case string:length(atom_to_list(T)) of 255 -> long_atom; _ -> atom end;
kind(T) when is_binary(T), byte_size(T) >= 1 bsl 20 -> large_binary;
kind(T) when is_binary(T) -> binary;
kind(T) when is_bitstring(T) -> bitstring;
kind(T) when is_reference(T) -> {reference, words(T)};
kind(T) when is_pid(T), node(T) =:= node() -> local_pid;
kind(T) when is_pid(T) -> pid;
kind(T) when is_port(T) -> port;
kind(T) when is_tuple(T) -> tuple;
kind(T) when is_map(T) -> map;
kind(T) when is_list(T) -> case is_list(tail(T)) of true -> list; false -> improper end;
kind(T) when is_function(T) -> {'fun', element(2, erlang:fun_info(T, type))}.

tail([_ | T]) -> tail(T);
tail(T) -> T.

words(Ref) ->
    <<131, 90, N:16, _/binary>> = term_to_binary(Ref),
    N.
