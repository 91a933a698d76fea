package online

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
)

// rooms are the commands about the war room and the blast radius, in the group of incidents.
func (r *Remote) rooms() []*cobra.Command {
	return []*cobra.Command{
		sends(r.line("keep-blast INCIDENT", "Keep a blast radius with an incident, by --weakness, --component, --advisory or --indicator, and take --devices in").calls("incident", ""), "kept with", func(c *client.Client, ctx context.Context, args []string, in apiv1.BlastKeep) error {
			_, err := c.KeepBlastRadius(ctx, args[0], in)
			return err
		}),
		r.room(),
		sends(r.line("priority INCIDENT INPUT VALUE", "Say otherwise than the program knows how urgent an incident is, with --reason; VALUE known takes it back").calls("input", "", "value", ""), "said of", func(c *client.Client, ctx context.Context, args []string, in apiv1.PrioritySaying) error {
			if in.Input, in.Value = args[1], args[2]; in.Value == "known" {
				in.Value = ""
			}
			return c.SayPriority(ctx, args[0], in)
		}),
		r.report(),
		wholeOf(r.line("reports INCIDENT", "List the situation reports of an incident"), "NUMBER AT BY NEXT DIGEST", (*client.Client).Situations),
		whole(r.line("holidays", "List the days on which authorities do not work, as they were entered"), "DAY NAME CALENDAR ENTITY", (*client.Client).Holidays),
		r.setHolidays(),
	}
}

// blast is the command that finds a blast radius.
func (r *Remote) blast() *cobra.Command {
	models := columnsOf[apiv1.BlastModel](r.line("blast", ""), "NAME CLASS AFFECTED UNKNOWN NOT-AFFECTED ID")
	places := columnsOf[apiv1.BlastPlace](r.line("blast", ""), "SITE-NAME WARD AFFECTED UNKNOWN IN-USE USE-UNKNOWN PATIENTS PATIENTS-UNKNOWN")
	alternatives := columnsOf[apiv1.BlastAlternative](r.line("blast", ""), "SITE-NAME MODEL FUNCTION NEEDED SPARES BUSY")
	devices := columnsOf[apiv1.BlastDevice](r.line("blast", ""), "TAG MODEL-NAME SITE-NAME WARD IN-USE TRUTH STAGE WHY ID")
	var q apiv1.BlastQuery
	l := r.line("blast", "Find what a weakness, component, advisory or indicator reaches")
	c := l.does(func(ctx context.Context, c *client.Client, _ []string) error {
		v, err := c.BlastRadius(ctx, q)
		if err != nil {
			return err
		}
		return r.Show(v, func() error {
			s := v.Sum
			r.printf("%d affected, %d unknown, %d not affected; %d in use or unknown; at least %d patients at once, of %d devices nobody knows how many patients they serve\n", s.Affected, s.Unknown, s.NotAffected, s.InUse+s.UseUnknown, s.Patients, s.PatientsUnknown)
			if v.Silent > 0 {
				r.printf("%d more that no event names with it, which does not show that they are free of it\n", v.Silent)
			}
			if v.Unnamed > 0 {
				r.printf("%d more whose model is not known\n", v.Unnamed)
			}
			if v.Withheld {
				r.printf("events that concern patients were left out\n")
			}
			if v.Blind {
				r.printf("not everything was seen in this time: more devices may have met it\n")
			}
			err := errors.Join(r.table(models, v.Models), r.table(places, v.Places), r.table(alternatives, v.Alternatives), r.table(devices, v.Devices))
			if v.More > 0 {
				r.printf("%d more devices are counted and not listed\n", v.More)
			}
			return err
		})
	})
	l.bindTo(c, &q)
	return c
}

func (r *Remote) room() *cobra.Command {
	facts := columnsOf[apiv1.UrgencyFact](r.line("room INCIDENT", ""), "INPUT VALUE SAID BECAUSE")
	clocks := columnsOf[apiv1.RoomClock](r.line("room INCIDENT", ""), "ENTITY TITLE STATE LATEST")
	tasks := columnsOf[apiv1.RoomTask](r.line("room INCIDENT", ""), "TITLE SIDE STATE ASSIGNEE ACCEPT-BY UNACCEPTED ID")
	devices := columnsOf[apiv1.RoomDevice](r.line("room INCIDENT", ""), "SITE WARD NAME STATE IN-USE ACTION")
	return r.line("room INCIDENT", "Show the war room of an incident: priority with its reasons, clocks, tasks, devices").does(func(ctx context.Context, c *client.Client, args []string) error {
		v, err := c.Room(ctx, args[0])
		if err != nil {
			return err
		}
		return r.Show(v, func() error {
			r.printf("%s %s: %s, %s (%s)\n", v.Number, v.Title, v.State, v.Priority, v.Because)
			return errors.Join(r.table(facts, v.Facts), r.table(clocks, v.Clocks), r.table(tasks, v.Tasks), r.table(devices, v.Devices))
		})
	})
}

// report makes a situation report and writes it, or writes one that is kept.
func (r *Remote) report() *cobra.Command {
	var number string
	var in apiv1.SituationInput
	l := r.line("report INCIDENT", "Make the next situation report and write it as Markdown; with --number write one that is kept (or last)")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		if number == "" {
			p, err := c.MakeSituation(ctx, args[0], in)
			if err != nil {
				return err
			}
			number = strconv.Itoa(p.Number)
		}
		return c.SituationText(ctx, args[0], number, r.Out)
	})
	l.bindTo(c, &in)
	c.Flags().StringVar(&number, "number", "", "number of a report that is kept, or last")
	return c
}

func (r *Remote) setHolidays() *cobra.Command {
	var in apiv1.HolidayYear
	var days []string
	l := r.line("set-holidays CALENDAR YEAR", "Replace the days of a year on which an authority does not work, with --day and --reason").calls("calendar", "", "year", "", "days", "")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		in.Calendar, in.Year, in.Days = args[0], args[1], []apiv1.HolidayDay{}
		for _, d := range days {
			day, name, _ := strings.Cut(d, " ")
			in.Days = append(in.Days, apiv1.HolidayDay{Day: day, Name: name})
		}
		if err := c.SetHolidays(ctx, in); err != nil {
			return err
		}
		return r.Done("kept for %s %s", args[0], args[1])
	})
	l.bindTo(c, &in)
	c.Flags().StringArrayVar(&days, "day", nil, `a day and its name, as "2027-05-01 Labour Day"`)
	return c
}
