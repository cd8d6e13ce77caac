package node

import (
	"errors"

	"gonode/dist"
	"gonode/etf"
)

// tell posts an exit or a DOWN. A reason that has no term, or none that the peer knows, must not leave those who wait
// without word: they get {error, Text}, with why it could not be sent.
func (l *link) tell(sig *dist.Signal) {
	if err := l.post(sig); unsendable(err) {
		l.node.log.Error("the reason can't be sent", "peer", string(l.peer), "process", addressText(sig.From), "error", err)
		sig.Message = errorTuple(errorText(err))
		l.answer(sig)
	}
}

// unsendable reports whether err is about a term that has no form on the wire.
func unsendable(err error) bool {
	if _, ok := errors.AsType[*etf.EncodeError](err); ok {
		return true
	}
	_, ok := errors.AsType[*etf.ValueError](err)
	return ok
}

// maxErrorText is how much of an error's text goes to other nodes.
const maxErrorText = 1000

func errorText(err error) []byte {
	text := err.Error()
	return []byte(text[:min(len(text), maxErrorText)])
}
