%% The Erlang side of the benchmarks: the peer as a BEAM has it, and the driver that measures any peer from outside.
%%
%% A peer has three processes, registered under these names:
%%   bench_echo     {From, Term}        sends Term to From
%%   bench_sink     {From, count}       sends {count, N} to From and begins anew; anything else is counted
%%   bench_source   {From, N, Term}     sends Term to From, N times
-module(gonode_bench).
-export([serve/0]).
-export([round_trip/2, small_in/2, small_out/2, echo_atom/2, echo_term/2, binary_in/2, binary_out/2]).
-export([term/1, codec/2]).

%%% The peer.

%% serve(): starts the three processes.
serve() ->
    Loops = [{bench_echo, fun echo/0}, {bench_sink, fun() -> sink(0) end}, {bench_source, fun source/0}],
    lists:foreach(fun({Name, Loop}) -> true = register(Name, spawn(Loop)) end, Loops).

echo() ->
    receive {From, Term} -> From ! Term end,
    echo().

sink(N) ->
    receive
        {From, count} -> From ! {count, N}, sink(0);
        _ -> sink(N + 1)
    end.

source() ->
    receive {From, N, Term} -> repeat(N, fun() -> From ! Term end) end,
    source().

repeat(0, _) -> ok;
repeat(N, F) -> F(), repeat(N - 1, F).

%%% The driver. Each takes the peer's node and how much to do. Times are in nanoseconds; a rate is {How many, Time}.

%% round_trip(Peer, N): {P50, P99} of N round trips of a small message, one after the other.
round_trip(Peer, N) ->
    Echo = {bench_echo, Peer},
    _ = trips(Echo, N div 10, []),
    Times = lists:sort(trips(Echo, N, [])),
    {lists:nth(N div 2 + 1, Times), lists:nth(N * 99 div 100 + 1, Times)}.

trips(_, 0, Times) -> Times;
trips(Echo, N, Times) ->
    trips(Echo, N - 1, [element(2, timed(fun() -> Echo ! {self(), N}, receive N -> 1 end end)) | Times]).

timed(F) ->
    Begin = erlang:monotonic_time(),
    N = F(),
    {N, erlang:convert_time_unit(erlang:monotonic_time() - Begin, native, nanosecond)}.

%% small_in(Peer, N): N messages {tick, I} into the peer, until it has counted them.
small_in(Peer, N) ->
    timed(fun() -> ticks({bench_sink, Peer}, N), counted(Peer, N) end).

ticks(_, 0) -> ok;
ticks(Sink, N) -> Sink ! {tick, N}, ticks(Sink, N - 1).

counted(Peer, N) ->
    {bench_sink, Peer} ! {self(), count},
    receive {count, N} -> N; {count, M} -> error({counted, M, N}) end.

%% small_out(Peer, N): N messages {tick, 12345} from the peer.
small_out(Peer, N) -> out(Peer, N, {tick, 12345}).

out(Peer, N, Term) ->
    timed(fun() ->
        {bench_source, Peer} ! {self(), N, Term},
        repeat(N, fun() -> receive Term -> ok end end),
        N
    end).

%% echo_atom(Peer, N): 64 processes, each of which has an atom echoed N times.
echo_atom(Peer, N) -> echo_by_64(Peer, N, pong).

%% echo_term(Peer, N): the same with a list of 50 maps.
echo_term(Peer, N) -> echo_by_64(Peer, N, term(maps)).

echo_by_64(Peer, N, Term) ->
    Echo = {bench_echo, Peer},
    Workers = [spawn_monitor(fun() ->
        receive go -> repeat(N, fun() -> Echo ! {self(), Term}, receive Term -> ok end end) end
    end) || _ <- lists:seq(1, 64)],
    timed(fun() ->
        [Pid ! go || {Pid, _} <- Workers],
        [receive {'DOWN', Ref, process, Pid, Why} -> normal = Why end || {Pid, Ref} <- Workers],
        64 * N
    end).

%% binary_in(Peer, N): N binaries of 1 MiB into the peer, until it has counted them.
binary_in(Peer, N) ->
    Bin = term(mib),
    timed(fun() -> repeat(N, fun() -> {bench_sink, Peer} ! Bin end), counted(Peer, N) end).

%% binary_out(Peer, N): N binaries of 1 MiB from the peer.
binary_out(Peer, N) ->
    Bin = term(mib),
    timed(fun() ->
        {bench_source, Peer} ! {self(), N, Bin},
        repeat(N, fun() -> receive B when byte_size(B) =:= byte_size(Bin) -> ok end end),
        N
    end).

%%% The terms.

term(tick) -> {tick, 12345};
term(call) -> {'$gen_call', {self(), [alias | make_ref()]}, {get, <<"some key">>, 5000}};
term(map) -> hd(term(maps));
term(maps) ->
    [#{id => I, name => <<"user ", (integer_to_binary(I))/binary>>, active => I rem 2 =:= 0, score => I * 1.5,
       tags => [admin, staff]} || I <- lists:seq(1, 50)];
term(ints) -> [I * 1000 || I <- lists:seq(1, 1000)];
term(mib) -> binary:copy(<<"0123456789abcdef">>, 65536).

%% codec(Name, Ms): {Bytes, Encode, Decode} of a term, in nanoseconds each, measured for Ms milliseconds each. Bytes is
%% the term in the external term format.
codec(Name, Ms) ->
    Term = term(Name),
    Bin = term_to_binary(Term),
    {Bin, each(Ms, fun() -> term_to_binary(Term) end), each(Ms, fun() -> binary_to_term(Bin) end)}.

each(Ms, F) -> each(Ms * 1000000, F, 1).

%% The garbage of the function is collected in its time, as it is in real life.
each(Enough, F, N) ->
    {N, Time} = timed(fun() -> repeat(N, F), N end),
    case Time >= Enough of
        true -> Time / N;
        false -> each(Enough, F, 2 * N)
    end.
