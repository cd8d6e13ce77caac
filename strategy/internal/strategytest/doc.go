// Package strategytest runs a strategy in a test and shows its sets as text.
package strategytest
