%% What a BEAM runs in a container: gossip as libcluster does it, begun anew whenever it fails, and a port on the loopback
%% interface at which the tests have expressions evaluated (`docker exec ... erl -run gonode_container ask EXPR`): neither the
%% distribution nor the network between the containers, both of which are under test. OTP 23 to 29.
-module(gonode_container).
-export([start/0, ask/1]).

-define(PORT, 4371).

%% start(): called by erl -run.
start() ->
    spawn(fun() ->
        {ok, Listener} = gen_tcp:listen(?PORT, [binary, {packet, 4}, {active, false}, {ip, {127, 0, 0, 1}}, {reuseaddr, true}]),
        accept(Listener)
    end),
    spawn(fun gossip/0).

%% gossip(): when an interface goes, so does what was joined on it. gonode_gossip ends then, as soon as it can't send.
gossip() ->
    _ = gonode_gossip:start(#{interval => 1000}),
    Monitor = monitor(process, gonode_gossip),
    receive {'DOWN', Monitor, _, _, _} -> timer:sleep(500), gossip() end.

accept(Listener) ->
    {ok, Socket} = gen_tcp:accept(Listener),
    Pid = spawn(fun() ->
        receive go -> ok end,
        {ok, Text} = gen_tcp:recv(Socket, 0),
        ok = gen_tcp:send(Socket, gonode_test:evaluate($p, Text)),
        gen_tcp:close(Socket)
    end),
    ok = gen_tcp:controlling_process(Socket, Pid),
    Pid ! go,
    accept(Listener).

%% ask([Expr]): called by erl -run in a process of its own: prints what the node of this container makes of it, and ends
%% with 0, or with 1 for an exception.
ask([Text]) ->
    {ok, Socket} = gen_tcp:connect({127, 0, 0, 1}, ?PORT, [binary, {packet, 4}, {active, false}]),
    ok = gen_tcp:send(Socket, unicode:characters_to_binary(Text)),
    {ok, <<Kind, Answer/binary>>} = gen_tcp:recv(Socket, 0),
    io:put_chars([unicode:characters_to_list(Answer), $\n]),
    erlang:halt(case Kind of $p -> 0; $e -> 1 end).
