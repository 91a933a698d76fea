package cli

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/client"
)

// ask is a command that shows what a server answers: every field of it, whatever it is.
func (r *remote) ask(use, short string, get func(ctx context.Context, c *client.Client, args []string) (any, error)) *cobra.Command {
	return r.leaf(use, short, func(ctx context.Context, c *client.Client, args []string) error {
		v, err := get(ctx, c, args)
		if err != nil {
			return err
		}
		return r.show(v, func() error { return r.plain(reflect.ValueOf(v)) })
	})
}

// tell is a command that changes something and says so. did is what was done to the first argument.
func (r *remote) tell(use, short, did string, do online) *cobra.Command {
	return r.leaf(use, short, func(ctx context.Context, c *client.Client, args []string) error {
		if err := do(ctx, c, args); err != nil {
			return err
		}
		return r.done("%s %s", did, args[0])
	})
}

// column is a field that one cell can show.
type column struct {
	name string
	at   []int
}

// columnsOf are the plain fields of a struct under their names in JSON, and the lists of structs in it.
func columnsOf(t reflect.Type) (plain, lists []column) {
	for _, f := range reflect.VisibleFields(t) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.Anonymous || !f.IsExported() || name == "-" {
			continue
		}
		if name == "" {
			name = f.Name
		}
		c := column{strings.ReplaceAll(name, "_", " "), f.Index}
		switch {
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct:
			lists = append(lists, c)
		case f.Type.Kind() != reflect.Struct || f.Type == reflect.TypeFor[time.Time]():
			plain = append(plain, c)
		}
	}
	return plain, lists
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

// plain writes an answer for people: the fields of a thing, and a table for each list in it.
func (p *program) plain(v reflect.Value) error {
	if v.Kind() != reflect.Struct {
		_, err := fmt.Fprintln(p.out, plainText(cell(v)))
		return err
	}
	plain, lists := columnsOf(v.Type())
	var pairs []any
	for _, c := range plain {
		if c.name != "next" {
			pairs = append(pairs, c.name, cell(v.FieldByIndex(c.at)))
		}
	}
	if err := p.fields(pairs...); err != nil {
		return err
	}
	for _, c := range lists {
		l := v.FieldByIndex(c.at)
		if c.name != "items" {
			if l.Len() == 0 {
				continue
			}
			fmt.Fprintf(p.out, "\n%s\n", c.name)
		}
		if err := p.plainTable(l); err != nil {
			return err
		}
	}
	return nil
}

func (p *program) plainTable(l reflect.Value) error {
	columns, _ := columnsOf(l.Type().Elem())
	header := make([]string, len(columns))
	for i, c := range columns {
		header[i] = strings.ToUpper(strings.ReplaceAll(c.name, " ", "-"))
	}
	items := make([]reflect.Value, l.Len())
	for i := range items {
		items[i] = l.Index(i)
	}
	return rows(p, items, strings.Join(header, " "), func(v reflect.Value) []any {
		out := make([]any, len(columns))
		for i, c := range columns {
			out[i] = cell(v.FieldByIndex(c.at))
		}
		return out
	})
}

// bind gives a command a flag for every plain field of an input, named as in JSON with dashes, or as names says ("" for no
// flag). What it returns puts the flags that were given over a value: the rest of it stays.
func bind[T any](c *cobra.Command, names map[string]string) func(to *T) {
	held := reflect.New(reflect.TypeFor[T]()).Elem()
	given := map[string][]int{}
	for _, f := range reflect.VisibleFields(held.Type()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		flag, renamed := names[name]
		if !renamed {
			flag = strings.ReplaceAll(name, "_", "-")
		}
		if f.Anonymous || name == "" || flag == "" {
			continue
		}
		help := f.Tag.Get("doc")
		if help == "" {
			help = strings.ReplaceAll(name, "_", " ")
		}
		if words := f.Tag.Get("enum"); words != "" {
			help += " (" + strings.ReplaceAll(words, ",", ", ") + ")"
		}
		switch at := held.FieldByIndex(f.Index).Addr().Interface().(type) {
		case *string:
			c.Flags().StringVar(at, flag, "", help)
		case *int:
			c.Flags().IntVar(at, flag, 0, help)
		case *bool:
			c.Flags().BoolVar(at, flag, false, help)
		case *[]string:
			c.Flags().StringSliceVar(at, flag, nil, help)
		default:
			continue
		}
		given[flag] = f.Index
	}
	return func(to *T) {
		v := reflect.ValueOf(to).Elem()
		for flag, at := range given {
			if c.Flags().Changed(flag) {
				v.FieldByIndex(at).Set(held.FieldByIndex(at))
			}
		}
	}
}
