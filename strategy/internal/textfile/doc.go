// Package textfile reads small files that others may be writing.
package textfile
