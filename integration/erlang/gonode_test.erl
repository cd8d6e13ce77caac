%% The Erlang side of the integration tests: the loop through which the Go harness (package beam) evaluates expressions
%% on a node, and helpers for those expressions. Compiled by the harness with each release's own erlc; OTP 23 to 29.
-module(gonode_test).
-export([main/0, evaluate/2]).
-export([wait/2, wait/1, now_us/0, dist_port/0]).
-export([recorder/1, record/2, recorded/1, recorded_at/1, await/3, await_match/3, clear/1, stop/1]).
-export([subscriber/2, subscriber/3]).
-export([echo/1]).
-behaviour(gen_server).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2]).

%%% The control connection. Not over the distribution, which is what is being tested, and not over standard output, which
%%% belongs to what the node prints.

%% main() is called by erl -run. It connects to the harness, and ends the node when the harness is gone, so that no node
%% outlives the test that started it.
main() ->
    Port = list_to_integer(os:getenv("GONODE_TEST_PORT")),
    Token = list_to_binary(os:getenv("GONODE_TEST_TOKEN")),
    spawn(fun() ->
        case gen_tcp:connect({127, 0, 0, 1}, Port, [binary, {packet, 4}, {active, true}, {nodelay, true}]) of
            {ok, Socket} ->
                ok = gen_tcp:send(Socket, Token),
                control(Socket, #{});
            {error, _} ->
                erlang:halt(1)
        end
    end).

%% Every request is evaluated in a process of its own, which ends normally after it. Running: the Id by pid.
control(Socket, Running) ->
    receive
        {tcp, Socket, <<Id:64, Kind, Text/binary>>} ->
            Control = self(),
            {Pid, _} = spawn_monitor(fun() -> Control ! {answer, self(), evaluate(Kind, Text)} end),
            control(Socket, Running#{Pid => Id});
        {answer, Pid, Answer} ->
            control(Socket, answer(Socket, Pid, Answer, Running));
        {'DOWN', _, process, Pid, Reason} ->
            Answer = [$e, text("the evaluating process was ended: ~0tp", [Reason])],
            control(Socket, answer(Socket, Pid, Answer, Running));
        {tcp_closed, Socket} ->
            erlang:halt(0);
        {tcp_error, Socket, _} ->
            erlang:halt(1)
    end.

%% answer(...): sends the answer, once for each request, and returns who is still running.
answer(Socket, Pid, Answer, Running) ->
    case maps:take(Pid, Running) of
        {Id, Rest} -> _ = gen_tcp:send(Socket, [<<Id:64>> | Answer]), Rest;
        error -> Running
    end.

%% evaluate(Kind, Text): Text is Erlang in UTF-8, expressions separated by commas. Kind $p: the answer is printed with
%% ~0tp; $b: it is in the external term format. The first byte of the answer is the kind, or $e and why it failed.
evaluate(Kind, Text) ->
    try {Kind, expressions(Text)} of
        {$p, Value} -> [$p, text("~0tp", [Value])];
        {$b, Value} -> [$b, term_to_binary(Value)]
    catch
        throw:{syntax, Why} -> [$e, unicode:characters_to_binary(Why)];
        Class:Reason:Stack ->
            [$e, text("~p: ~0tp~n~tp", [Class, Reason, Stack])]
    end.

text(Format, Args) -> unicode:characters_to_binary(io_lib:format(Format, Args)).

expressions(Text) ->
    Source = unicode:characters_to_list(Text),
    Tokens = case erl_scan:string(Source) of
        {ok, T, _} -> T;
        {error, Bad, _} -> throw({syntax, complaint(Bad)})
    end,
    case erl_parse:parse_exprs(dotted(Tokens)) of
        {ok, Exprs} ->
            {value, Value, _} = erl_eval:exprs(Exprs, erl_eval:new_bindings()),
            Value;
        {error, Wrong} ->
            throw({syntax, complaint(Wrong)})
    end.

dotted(Tokens) ->
    case lists:reverse(Tokens) of
        [{dot, _} | _] -> Tokens;
        Reversed -> lists:reverse([{dot, 1} | Reversed])
    end.

complaint({Where, Module, Why}) ->
    io_lib:format("syntax error at ~0p: ~ts", [Where, Module:format_error(Why)]).

%%% Waiting.

%% wait(F, Ms): true as soon as F() is true, false after Ms milliseconds. An exception in F counts as not yet.
wait(F, Ms) -> wait_until(F, erlang:monotonic_time(millisecond) + Ms).

wait(F) -> wait(F, 5000).

wait_until(F, End) ->
    case try F() catch _:_ -> false end of
        true -> true;
        _ ->
            case erlang:monotonic_time(millisecond) >= End of
                true -> false;
                false -> timer:sleep(2), wait_until(F, End)
            end
    end.

%% now_us(): the operating system's clock in microseconds since 1970, which Go's time.Now reads too.
now_us() -> os:system_time(microsecond).

%% dist_port(): the port on which this node listens for other nodes, asked of net_kernel and not of epmd; 0 if it does not.
dist_port() ->
    try ports_in(sys:get_state(net_kernel)) of
        [Port | _] -> Port;
        [] -> 0
    catch
        exit:_ -> 0
    end.

%% The record net_address, {net_address, {Ip, Port}, Host, tcp, inet}, whatever record it is in.
ports_in({net_address, {_, Port}, _, _, _}) when is_integer(Port) -> [Port];
ports_in(T) when is_tuple(T) -> ports_in(tuple_to_list(T));
ports_in([H | T]) -> ports_in(H) ++ ports_in(T);
ports_in(_) -> [].

%%% Recorders: registered processes that keep every message they get and when it came.

%% recorder(Name): starts one, registered as Name; returns its pid.
recorder(Name) ->
    Caller = self(),
    Pid = spawn(fun() ->
        true = register(Name, self()),
        Caller ! {self(), ready},
        recording([])
    end),
    Monitor = monitor(process, Pid),
    receive
        {Pid, ready} -> demonitor(Monitor, [flush]), Pid;
        {'DOWN', Monitor, process, Pid, Why} -> error({recorder, Name, Why})
    end.

%% recorded(Name): the messages so far, oldest first.
recorded(Name) -> [M || {_, M} <- recorded_at(Name)].

%% recorded_at(Name): the same, each as {Microseconds since 1970, Message}. The time never goes backwards.
recorded_at(Name) -> ask(Name, read).

%% clear(Name): forgets what was recorded.
clear(Name) -> ask(Name, clear).

%% stop(Name): ends the recorder and frees the name.
stop(Name) -> ask(Name, stop).

%% record(Name, F): has the recorder itself run F(), so that F can monitor, link, or send with it as self().
record(Name, F) -> ask(Name, {run, F}).

%% await(Name, N, Ms): the messages, once there are N of them; {timeout, Messages} after Ms milliseconds.
await(Name, N, Ms) -> await_match(Name, fun(All) -> length(All) >= N end, Ms).

%% await_match(Name, F, Ms): the messages, once F(Messages) is true.
await_match(Name, F, Ms) ->
    case wait(fun() -> F(recorded(Name)) end, Ms) of
        true -> recorded(Name);
        false -> {timeout, recorded(Name)}
    end.

ask(Name, Question) ->
    Pid = whereis(Name),
    Monitor = monitor(process, Pid),
    Pid ! {'$recorder', self(), Monitor, Question},
    receive
        {Monitor, Answer} -> demonitor(Monitor, [flush]), Answer;
        {'DOWN', Monitor, process, _, Why} -> error({recorder, Name, Why})
    end.

recording(Seen) ->
    receive
        {'$recorder', From, Tag, read} -> From ! {Tag, lists:reverse(Seen)}, recording(Seen);
        {'$recorder', From, Tag, clear} -> From ! {Tag, ok}, recording([]);
        {'$recorder', From, Tag, {run, F}} -> From ! {Tag, try F() catch _:Why -> {'EXIT', Why} end}, recording(Seen);
        {'$recorder', From, Tag, stop} -> unregister(own_name()), From ! {Tag, ok};
        Message -> recording([{stamp(), Message} | Seen])
    end.

own_name() ->
    {registered_name, Name} = process_info(self(), registered_name),
    Name.

%% Erlang's monotonic clock, moved once per process to where the operating system's clock was.
stamp() ->
    Offset = case get('$offset') of
        undefined ->
            O = os:system_time(microsecond) - erlang:monotonic_time(microsecond),
            put('$offset', O),
            O;
        O -> O
    end,
    erlang:monotonic_time(microsecond) + Offset.

%%% Subscribers to a Go node's events.

%% subscriber(Name, Server): a recorder that has subscribed to the event server Server, {Registered, Node}.
subscriber(Name, Server) -> subscriber(Name, Server, []).

%% subscriber(Name, Server, Options): the same, with options (info, replay). Returns the server's answer.
subscriber(Name, Server, Options) ->
    _ = recorder(Name),
    record(Name, fun() -> gen_server:call(Server, {subscribe, self(), Options}, 5000) end).

%%% A gen_server to be called from Go.

%% echo(Name): starts one, registered as Name. A call answers the request; {sleep, Ms} answers late; crash and {exit, R}
%% end it, as does the cast {exit, R}; seen answers what came in as cast and as message.
echo(Name) ->
    {ok, Pid} = gen_server:start({local, Name}, ?MODULE, [], []),
    Pid.

init([]) -> {ok, []}.

handle_call(seen, _From, Seen) -> {reply, lists:reverse(Seen), Seen};
handle_call({sleep, Ms}, _From, Seen) -> timer:sleep(Ms), {reply, slept, Seen};
handle_call(never, _From, Seen) -> {noreply, Seen};
handle_call(crash, _From, _Seen) -> error(crash);
handle_call({exit, Reason}, _From, Seen) -> {stop, Reason, Seen};
handle_call(Request, _From, Seen) -> {reply, Request, Seen}.

handle_cast({exit, Reason}, Seen) -> {stop, Reason, Seen};
handle_cast(Message, Seen) -> {noreply, [{cast, Message} | Seen]}.

handle_info(Message, Seen) -> {noreply, [{info, Message} | Seen]}.
