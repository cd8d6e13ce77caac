package strategy

import "fmt"

// FieldError says what is wrong with one field of a strategy. The Check methods of the strategies in the folders below
// return it, several joined if need be, so that a program can name the option that the field was set from.
type FieldError struct {
	Strategy string // the name of the strategy in configurations: "dns"
	Field    string // the name of the field in Go: "Interval", "Queries[0].Name"
	Problem  string // what is wrong and what would do
}

// Error implements error.
func (e *FieldError) Error() string { return fmt.Sprintf("%s: %s: %s", e.Strategy, e.Field, e.Problem) }
