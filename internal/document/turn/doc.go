// Package turn says whose turn it is: what waits for the functions that a person holds, and for the person as an author.
package turn
