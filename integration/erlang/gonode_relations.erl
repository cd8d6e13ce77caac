%% What one process learns of the failure of another, in every way in which Erlang tells it. The tests compare what a BEAM
%% learns of a BEAM with what it learns of a Go node, where the same names answer in the same way. OTP 23 to 29.
-module(gonode_relations).
-export([maker/0, stay/0, quick/0]).
-export([one/3, keep/3, collect/1, again/3]).

%%% What fails: victims, made by a process called maker.

%% maker(): starts it. Its calls: {victim, Name} starts a victim of that name and answers its pid; stays answers how many
%% processes have run stay/0.
maker() ->
    Self = self(),
    spawn(fun() -> register(maker, self()), Self ! ready, making(0) end),
    receive ready -> ok end.

making(Stays) ->
    receive
        {'$gen_call', From, {victim, Name}} ->
            Pid = spawn(fun() -> register(Name, self()), gen_server:reply(From, self()), victim(0) end),
            true = is_pid(Pid),
            making(Stays);
        {'$gen_call', From, stays} -> gen_server:reply(From, Stays), making(Stays);
        stayed -> making(Stays + 1)
    end.

%% A victim ends with Reason on the cast {exit, Reason}. It never answers hang; hung answers how many wait.
victim(Hung) ->
    receive
        {'$gen_call', From, hung} -> gen_server:reply(From, Hung), victim(Hung);
        {'$gen_call', _, hang} -> victim(Hung + 1);
        {'$gen_cast', {exit, Reason}} -> exit(Reason)
    end.

%% stay() never returns; quick() does at once.
stay() -> maker ! stayed, receive never -> ok end.

quick() -> ok.

%%% Who learns of it. Kind says how: see observe/3.

%% one(Kind, Node, How): what an observer learns of a victim on Node that fails How: {cast, Reason}, {exit, Reason} (exit/2),
%% gone (it had ended before) or nothing.
one(Kind, Node, gone) ->
    {Name, Pid} = victim_on(Node),
    R = monitor(process, Pid),
    gen_server:cast(Pid, {exit, normal}),
    receive {'DOWN', R, _, _, _} -> ok end,
    result(start(Kind, {Node, Name, Pid}), 3000);
one(Kind, Node, How) ->
    Observer = {_, _, Pid} = prepare(Kind, Node),
    fail(How, Pid),
    result(Observer, case How of {exit, normal} -> 100; _ -> 3000 end).

fail({cast, Reason}, Pid) -> gen_server:cast(Pid, {exit, Reason});
fail({exit, Reason}, Pid) -> exit(Pid, Reason);
fail(nothing, _) -> ok.

%% keep(Keeper, Node, Kinds): starts a process called Keeper that has an observer of each kind.
keep(Keeper, Node, Kinds) ->
    Self = self(),
    spawn(fun() ->
        register(Keeper, self()),
        Observers = [{Kind, prepare(Kind, Node)} || Kind <- Kinds],
        Self ! {Keeper, ready},
        keeping(Node, Observers)
    end),
    receive {Keeper, ready} -> ok after 10000 -> timeout end.

keeping(Node, Observers) ->
    receive
        {collect, From} ->
            From ! {collected, [{Kind, result(O, 5000)} || {Kind, O} <- Observers]},
            keeping(Node, Observers);
        {again, From, Kinds, Name} ->
            [{_, {_, _, Old}} | _] = Observers,
            From ! {collected, [{Kind, result(start(Kind, {Node, Name, Old}), 5000)} || Kind <- Kinds]},
            keeping(Node, Observers)
    end.

%% collect(Keeper): what its observers have learned, [{Kind, What}].
collect(Keeper) -> Keeper ! {collect, self()}, receive {collected, L} -> L after 20000 -> timeout end.

%% again(Keeper, Kinds, Name): what new observers learn of the first victim that Keeper had, by its old pid, or of Name.
again(Keeper, Kinds, Name) -> Keeper ! {again, self(), Kinds, Name}, receive {collected, L} -> L after 20000 -> timeout end.

victim_on(Node) ->
    Name = list_to_atom("victim_" ++ integer_to_list(erlang:unique_integer([positive]))),
    {Name, gen_server:call({maker, Node}, {victim, Name})}.

%% prepare(Kind, Node): an observer whose relation is in force: {Observer, Target, Pid of what it observes}.
prepare(Kind, Node) ->
    {Name, Pid} = victim_on(Node),
    Stays = gen_server:call({maker, Node}, stays),
    Observer = {_, _, Observed} = start(Kind, {Node, Name, Pid}),
    true = gonode_test:wait(fun() -> in_force(Kind, Pid, Node, Stays) end),
    {element(1, Observer), element(2, Observer), Observed}.

in_force(Kind, Pid, _, _) when Kind =:= call_pid; Kind =:= call_name; Kind =:= request; Kind =:= multi_call ->
    gen_server:call(Pid, hung) =:= 1;
in_force(Kind, _, Node, Stays) when Kind =:= rpc; Kind =:= erpc; Kind =:= spawn_monitor; Kind =:= spawn_link; Kind =:= spawn_request ->
    gen_server:call({maker, Node}, stays) > Stays;
in_force(_, _, _, _) -> true.

start(Kind, Target = {_, _, Pid}) ->
    Self = self(),
    Observer = spawn(fun() ->
        process_flag(trap_exit, true),
        Self ! {self(), learned, observe(Kind, Target, fun(Other) -> Self ! {self(), observes, Other} end)}
    end),
    receive {Observer, observes, Other} -> {Observer, Target, case Other of victim -> Pid; _ -> Other end} end.

%% observe(Kind, Target, Ready): calls Ready with the pid it watches (or victim), and returns what it learns.
observe(link, {_, _, Pid}, Ready) -> link(Pid), Ready(victim), receive {'EXIT', Pid, W} -> {exit, W} end;
observe(monitor_pid, {_, _, Pid}, Ready) -> down(monitor(process, Pid), victim, Ready);
observe(monitor_name, {Node, Name, _}, Ready) -> down(monitor(process, {Name, Node}), victim, Ready);
observe(monitor_node, {Node, _, _}, Ready) ->
    monitor_node(Node, true), Ready(victim), receive {nodedown, N} -> {nodedown, N} end;
observe(call_pid, {_, _, Pid}, Ready) -> Ready(victim), call(Pid);
observe(call_name, {Node, Name, _}, Ready) -> Ready(victim), call({Name, Node});
observe(request, {_, _, Pid}, Ready) ->
    Id = gen_server:send_request(Pid, hang), Ready(victim), gen_server:wait_response(Id, infinity);
observe(multi_call, {Node, Name, _}, Ready) -> Ready(victim), gen_server:multi_call([Node], Name, hang);
observe(spawn_monitor, {Node, _, _}, Ready) ->
    {P, R} = spawn_monitor(Node, ?MODULE, stay, []), down(R, P, Ready);
observe(spawn_quick, {Node, _, _}, Ready) ->
    {P, R} = spawn_monitor(Node, ?MODULE, quick, []), down(R, P, Ready);
observe(spawn_undef, {Node, _, _}, Ready) ->
    {P, R} = spawn_monitor(Node, ?MODULE, nothing, []), down(R, P, Ready);
observe(spawn_link, {Node, _, _}, Ready) ->
    P = spawn_link(Node, ?MODULE, stay, []), Ready(P), receive {'EXIT', P, W} -> {exit, P, W} end;
observe(spawn_request, {Node, _, _}, Ready) ->
    R = spawn_request(Node, ?MODULE, stay, [], [monitor]),
    receive {spawn_reply, R, ok, P} -> down(R, P, Ready); Other -> Ready(victim), Other end;
observe(rpc, {Node, _, _}, Ready) -> Ready(victim), rpc:call(Node, ?MODULE, stay, []);
observe(erpc, {Node, _, _}, Ready) -> Ready(victim), try erpc:call(Node, ?MODULE, stay, []) catch C:W -> {C, W} end;
observe(rpc_cast, {Node, _, _}, Ready) -> Ready(victim), rpc:cast(Node, ?MODULE, quick, []);
observe(send, {_, _, Pid}, Ready) -> Ready(victim), Pid ! hello;
observe(exit, {_, _, Pid}, Ready) -> Ready(victim), exit(Pid, kill).

down(R, P, Ready) -> Ready(P), receive {'DOWN', R, process, O, W} -> {down, O, W} end.

call(To) -> try gen_server:call(To, hang, 20000) catch exit:{W, {gen_server, call, _}} -> {call, W} end.

result({Observer, {Node, Name, _}, _}, Ms) ->
    receive {Observer, learned, What} -> plain(What, Node, Name) after Ms -> nothing end.

%% What differs from node to node gets a common name.
plain(Node, Node, _) when is_atom(Node) -> the_node;
plain(Name, _, Name) when is_atom(Name) -> the_name;
plain(Pid, Node, _) when is_pid(Pid), node(Pid) =:= Node -> the_pid;
plain(Pid, _, _) when is_pid(Pid) -> a_pid; % the runtime's own, for a process that could not be spawned
plain(Ref, _, _) when is_reference(Ref) -> a_reference;
plain(T, Node, Name) when is_tuple(T) -> list_to_tuple(plain(tuple_to_list(T), Node, Name));
plain([H | T], Node, Name) -> [plain(H, Node, Name) | plain(T, Node, Name)];
plain(T, _, _) -> T.
