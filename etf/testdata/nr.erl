%% The native records of OTP 29, appended to otp29.txt: see golden.erl.
-module(nr).
-export([main/1]).
-record #pt{x = 1, y = []}.
-record #emp{}.
-export_record([emp]).
main([File]) ->
  Ts = [{"record",#pt{x=7,y=[a]}},{"record_empty",#emp{}}],
  {ok,D} = file:open(File,[append]),
  [file:write(D,[N,"\t",hex(term_to_binary(T)),"\t",io_lib:format("~0tp",[T]),"\n"]) || {N,T} <- Ts],
  file:close(D), halt().
hex(B) -> [io_lib:format("~2.16.0b",[X]) || <<X>> <= B].
