// Package kit puts the documents that come with Triward into a library, as drafts with the answers of the set-up interview
// filled in. From there they go the way of every other document.
package kit
