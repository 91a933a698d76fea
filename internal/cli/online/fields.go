package online

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/internal/cli/terminal"
)

// column is what one cell of a row shows.
type column struct {
	name string
	cell func(item reflect.Value) any
}

// columnsOf reads which columns a list has: names in capitals, each of the field of that name, or NAME:field for a field of
// another name (risk.affected: a field of a field). "" is every plain field.
func columnsOf[T any](l line, wanted string) []column {
	t := reflect.TypeFor[T]()
	if wanted == "" {
		return plainColumns(t)
	}
	var out []column
	for word := range strings.FieldsSeq(wanted) {
		name, path, _ := strings.Cut(word, ":")
		if path == "" {
			path = strings.ToLower(strings.ReplaceAll(name, "-", "_"))
		}
		if make := l.shown[name]; make != nil {
			out = append(out, column{name, func(v reflect.Value) any { return make(v.Interface()) }})
			continue
		}
		at, ok := fieldAt(t, path)
		if !ok {
			l.faults = append(l.faults, fmt.Errorf("%s: column %s: %v has no field %s", l.use, name, t, path))
			continue
		}
		out = append(out, column{name, func(v reflect.Value) any { return cell(v.FieldByIndex(at)) }})
	}
	return out
}

// fieldAt finds a field by its name on the wire.
func fieldAt(t reflect.Type, path string) ([]int, bool) {
	name, rest, deeper := strings.Cut(path, ".")
	for _, f := range reflect.VisibleFields(t) {
		if wireName(f) != name {
			continue
		}
		if !deeper {
			return f.Index, true
		}
		below, ok := fieldAt(f.Type, rest)
		return append(slices.Clone(f.Index), below...), ok
	}
	return nil, false
}

// wireName is what a field is called in JSON or in a query; "" for none.
func wireName(f reflect.StructField) string {
	tag := f.Tag.Get("json")
	if tag == "" {
		tag = f.Tag.Get("query")
	}
	name, _, _ := strings.Cut(tag, ",")
	if f.Anonymous || !f.IsExported() || name == "-" {
		return ""
	}
	return name
}

// plainColumns are the fields of a struct that one cell can show.
func plainColumns(t reflect.Type) []column {
	var out []column
	for _, f := range reflect.VisibleFields(t) {
		if name := wireName(f); name != "" && !isList(f.Type) && (f.Type.Kind() != reflect.Struct || f.Type == reflect.TypeFor[time.Time]()) {
			out = append(out, column{strings.ToUpper(strings.ReplaceAll(name, "_", "-")), func(v reflect.Value) any { return cell(v.FieldByIndex(f.Index)) }})
		}
	}
	return out
}

// isList tells whether a field is a table of its own.
func isList(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
}

// cell is a value as one text.
func cell(v reflect.Value) any {
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.String {
		parts := make([]string, v.Len())
		for i := range parts {
			parts[i] = v.Index(i).String()
		}
		return strings.Join(parts, ", ")
	}
	if v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8 {
		return string(v.Bytes())
	}
	return v.Interface()
}

// table writes a slice of items.
func (r *Remote) table(columns []column, items any) error {
	all := reflect.ValueOf(items)
	if all.Len() == 0 {
		return r.say("none")
	}
	header := make([]string, len(columns))
	for i, c := range columns {
		header[i] = c.name
	}
	w := r.Table(header...)
	for i := range all.Len() {
		cells := make([]any, len(columns))
		for j, c := range columns {
			cells[j] = c.cell(all.Index(i))
		}
		terminal.Row(w, cells...)
	}
	return w.Flush()
}

// answer shows an answer: every field of it, whatever it is, and a table for each list in it.
func (r *Remote) answer(answer any) error {
	return r.Show(answer, func() error {
		v := reflect.ValueOf(answer)
		if v.Kind() != reflect.Struct {
			return r.say(terminal.Text(cell(v)))
		}
		var pairs []any
		for _, c := range plainColumns(v.Type()) {
			pairs = append(pairs, strings.ToLower(strings.ReplaceAll(c.name, "-", " ")), c.cell(v))
		}
		if err := r.Fields(pairs...); err != nil {
			return err
		}
		for _, f := range reflect.VisibleFields(v.Type()) {
			name, list := wireName(f), v.FieldByIndex(f.Index)
			if name == "" || !isList(f.Type) || name != "items" && list.Len() == 0 {
				continue
			}
			if name != "items" {
				r.printf("\n%s\n", strings.ReplaceAll(name, "_", " "))
			}
			if err := r.table(plainColumns(f.Type.Elem()), list.Interface()); err != nil {
				return err
			}
		}
		return nil
	})
}

func (r *Remote) say(text string) error {
	_, err := fmt.Fprintln(r.Out, text)
	return err
}

func (r *Remote) printf(format string, args ...any) { fmt.Fprintf(r.Out, format, args...) }

func (r *Remote) hint(format string, args ...any) { fmt.Fprintf(r.Err, format, args...) }

// bindTo gives a command a flag for every plain field of a struct, called as the field with dashes or as the line says. What
// it returns puts the flags that were given over another value of that type: the rest of it stays.
func (l line) bindTo(c *cobra.Command, held any, without ...string) func(to any) {
	v := reflect.ValueOf(held).Elem()
	given := map[string][]int{}
	for _, f := range reflect.VisibleFields(v.Type()) {
		name := wireName(f)
		flag, renamed := l.names[name]
		if !renamed {
			flag = strings.ReplaceAll(name, "_", "-")
		}
		if name == "" || flag == "" || slices.Contains(without, name) || c.Flags().Lookup(flag) != nil {
			continue
		}
		if bindFlag(c, flag, v.FieldByIndex(f.Index).Addr().Interface(), f) {
			given[flag] = f.Index
		}
	}
	return func(to any) {
		for flag, at := range given {
			if c.Flags().Changed(flag) {
				reflect.ValueOf(to).Elem().FieldByIndex(at).Set(v.FieldByIndex(at))
			}
		}
	}
}

// bindFlag adds a flag for a field; false when it is none that a flag can hold.
func bindFlag(c *cobra.Command, flag string, at any, f reflect.StructField) bool {
	help := f.Tag.Get("doc")
	if help == "" {
		help = strings.ReplaceAll(wireName(f), "_", " ")
	}
	if words := f.Tag.Get("enum"); words != "" {
		help += " (" + strings.ReplaceAll(words, ",", ", ") + ")"
	}
	standard := f.Tag.Get("default")
	switch at := at.(type) {
	case *string:
		if flag == "q" {
			c.Flags().StringVarP(at, "query", "q", "", help)
		} else {
			c.Flags().StringVar(at, flag, standard, help)
		}
	case *int:
		n := 0
		if _, err := fmt.Sscan(standard, &n); err != nil {
			n = 0
		}
		c.Flags().IntVar(at, flag, n, help)
	case *uint64:
		c.Flags().Uint64Var(at, flag, 0, help)
	case *bool:
		c.Flags().BoolVar(at, flag, false, help)
	case *[]string:
		c.Flags().StringSliceVar(at, flag, nil, help)
	case *time.Time:
		c.Flags().TimeVar(at, flag, *at, []string{time.RFC3339, "2006-01-02 15:04", time.DateOnly}, help)
	default:
		return false
	}
	return true
}

// setField puts an argument into the field of that name.
func setField(in any, name, value string) {
	v := reflect.ValueOf(in).Elem()
	if at, ok := fieldAt(v.Type(), name); ok {
		v.FieldByIndex(at).SetString(value)
	}
}

// partOf is the value of a type in a struct: itself, or a field of that type.
func partOf[In any](whole any) In {
	v := reflect.ValueOf(whole)
	for i := range v.NumField() {
		if in, ok := v.Field(i).Interface().(In); ok {
			return in
		}
	}
	in, _ := whole.(In)
	return in
}
