%% What the test of the operations of the protocol runs on an Erlang node: something that makes it send each, and a process
%% that tells what came to it and with which trace token. OTP 23 to 29.
-module(gonode_operations).
-export([signals/2, listener/1, heard/1]).

%% signals(Node, Label): sends the process target of Node a signal of every kind, each with {Kind, Label}; with a trace token
%% of that label unless it is none.
signals(Node, Label) ->
    Target = {target, Node},
    Pid = gen_server:call(Target, pid),
    Alias = case erlang:function_exported(erlang, alias, 0) of
        true -> gen_server:call(Target, alias);
        false -> Pid
    end,
    trace(Label),
    Pid ! {pid, Label},
    Target ! {name, Label},
    Alias ! {alias, Label},
    link(Pid),
    unlink(Pid),
    {_, R} = spawn_monitor(fun() -> link(Pid), trace(Label), exit({linked, Label}) end),
    receive {'DOWN', R, _, _, _} -> ok end,
    trace(Label), % a message without a token takes it away
    exit(Pid, {exit2, Label}),
    group_leader(self(), Pid),
    _ = spawn(Node, operations, run, [Label]),
    trace(none),
    gen_server:call(Target, sync).

trace(none) -> seq_trace:set_token([]);
trace(Label) -> seq_trace:set_token(label, Label).

%% listener(Name): starts it, registered as Name, and returns its pid. It is called like a gen_server: pid, alias (its pid
%% where there are none), heard; {do, F} has it run F.
listener(Name) ->
    Self = self(),
    Pid = spawn(fun() ->
        register(Name, self()),
        process_flag(trap_exit, true),
        Self ! {self(), ready},
        listen([])
    end),
    receive {Pid, ready} -> Pid end.

%% heard(Name): [{Message, Label of its trace token or none}], oldest first.
heard(Name) -> gen_server:call(Name, heard).

listen(Heard) ->
    receive
        {'$gen_call', From, pid} -> gen_server:reply(From, self()), listen(Heard);
        {'$gen_call', From, alias} -> gen_server:reply(From, own_alias()), listen(Heard);
        {'$gen_call', From, heard} -> gen_server:reply(From, lists:reverse(Heard)), listen(Heard);
        {'$gen_call', From, {do, F}} -> gen_server:reply(From, F()), listen(Heard);
        Message ->
            Label = case seq_trace:get_token(label) of {label, L} -> L; [] -> none end,
            seq_trace:set_token([]),
            listen([{Message, Label} | Heard])
    end.

own_alias() ->
    case erlang:function_exported(erlang, alias, 0) of
        true -> apply(erlang, alias, []);
        false -> self()
    end.
