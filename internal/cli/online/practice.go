package online

import (
	"context"
	"io"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
)

func (r *Remote) runs() *cobra.Command {
	return r.group("run", "Procedures that run: start, steps, hand-over, wrong steps (what is signed is done on the web pages)",
		pages(r.line("list", "List runs, the newest first"), "SUBJECT CODE LABEL STATE SETTLED STEPS DEVIATIONS LEAD-NAME STARTED ID", (*client.Client).Runs),
		add(r.line("start CODE", "Start a procedure; its revision in force is pinned"), (*client.Client).StartRun),
		r.showRun(), r.doStep(), r.attach(), r.runFile(),
		r.stepBecause("skip RUN STEP", "Skip a step: a deviation", "skipped", (*client.Client).SkipStep),
		r.stepBecause("not-needed RUN STEP", "Say that the condition of a step does not hold", "not needed:", (*client.Client).StepNotNeeded),
		r.addStep(), r.noteRun(), r.handOver(),
		r.line("pause RUN", "Pause a run; its clocks go on").because("paused", (*client.Client).PauseRun),
		r.line("resume RUN", "Let a paused run go on").act("resumed", (*client.Client).ResumeRun),
		r.line("migrate RUN", "Let an open run follow the revision in force").because("moved", (*client.Client).MigrateRun),
		r.end("finish RUN", "Finish a run; every step must be settled", "finished", (*client.Client).FinishRun),
		r.end("abort RUN", "Abort a run", "aborted", (*client.Client).AbortRun),
		r.wrong(), r.reliance(),
		wholeOf(r.line("defeats CODE", "List the steps of a document that proved wrong"), "STEP WRONG INSTEAD NAME AT RUN CHANGE", (*client.Client).Defeats),
		wholeOf(r.line("deviations CODE", "List the steps of a document that were not done as written"), "STEP STATE REASON INSTEAD NAME AT RUN", (*client.Client).StepDeviations),
		r.proposal())
}

func (r *Remote) showRun() *cobra.Command {
	columns := columnsOf[apiv1.RunStep](r.line("show RUN", ""), "ID STATE READY DO NAME AT VALUE NOTE LATE-BY")
	return r.line("show RUN", "Show a run and its steps").does(func(ctx context.Context, c *client.Client, args []string) error {
		v, err := c.Run(ctx, args[0])
		if err != nil {
			return err
		}
		return r.Show(v, func() error {
			if err := r.answer(v.Run); err != nil {
				return err
			}
			return r.table(columns, v.List)
		})
	})
}

func (r *Remote) doStep() *cobra.Command {
	var in apiv1.StepAct
	var name string
	l := r.line("do RUN STEP", "Settle a step as done; otherwise than written or out of order it needs --reason")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		if name == "" {
			if err := c.DoStep(ctx, args[0], args[1], in); err != nil {
				return err
			}
			return r.Done("done %s", args[1])
		}
		f, err := r.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		q := apiv1.StepEvidence{Name: filepath.Base(name), Value: in.Value, Note: in.Note, Instead: in.Instead, Reason: in.Reason}
		if err := c.DoStepWithFile(ctx, args[0], args[1], q, f); err != nil {
			return err
		}
		return r.Done("done %s", args[1])
	})
	l.bindTo(c, &in)
	c.Flags().StringVar(&name, "file", "", "file that is the evidence")
	return c
}

func (r *Remote) attach() *cobra.Command {
	var q apiv1.RunAttachment
	l := r.line("attach RUN FILE", "Add a file to a run or to one of its steps").calls("name", "")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		f, err := r.Open(args[1])
		if err != nil {
			return err
		}
		defer f.Close()
		q.Name = filepath.Base(args[1])
		if err := c.AttachRunFile(ctx, args[0], q, f); err != nil {
			return err
		}
		return r.Done("attached to %s", args[0])
	})
	l.bindTo(c, &q)
	return c
}

func (r *Remote) runFile() *cobra.Command {
	var name string
	l := r.line("file RUN ITEM", "Write a file of a run; its items are in run show --json")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		return l.Save(name, func(w io.Writer) error { return c.RunFile(ctx, args[0], args[1], w) })
	})
	c.Flags().StringVarP(&name, "output", "o", "", "file to write; absent: the standard output")
	return c
}

// stepBecause is a command that does something with a step, for a reason.
func (r *Remote) stepBecause(use, short, did string, do func(*client.Client, context.Context, string, string, apiv1.Reason) error) *cobra.Command {
	var why apiv1.Reason
	c := r.line(use, short).does(func(ctx context.Context, c *client.Client, args []string) error {
		if err := do(c, ctx, args[0], args[1], why); err != nil {
			return err
		}
		return r.Done("%s %s", did, args[1])
	})
	return reasonFlag(c, &why.Reason)
}

func (r *Remote) addStep() *cobra.Command {
	var in apiv1.StepExtra
	l := r.line("add RUN DO", "Add a step that was taken and that the document does not have").calls("do", "")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		in.Do = args[1]
		if err := c.AddStep(ctx, args[0], in); err != nil {
			return err
		}
		return r.Done("added to %s", args[0])
	})
	l.bindTo(c, &in)
	return needs(c, "reason")
}

func (r *Remote) noteRun() *cobra.Command {
	var in apiv1.RunNote
	l := r.line("note RUN TEXT", "Add a note to a run").calls("text", "")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		in.Text = args[1]
		if err := c.NoteRun(ctx, args[0], in); err != nil {
			return err
		}
		return r.Done("noted in %s", args[0])
	})
	l.bindTo(c, &in)
	return c
}

func (r *Remote) handOver() *cobra.Command {
	var in apiv1.HandOver
	c := r.line("hand-over RUN ACCOUNT", "Let somebody else answer for a run").does(func(ctx context.Context, c *client.Client, args []string) error {
		in.To = args[1]
		if err := c.HandOverRun(ctx, args[0], in); err != nil {
			return err
		}
		return r.Done("handed over %s", args[0])
	})
	return reasonFlag(c, &in.Reason)
}

// end is a command that ends a run.
func (r *Remote) end(use, short, did string, do func(*client.Client, context.Context, string, apiv1.Outcome) error) *cobra.Command {
	var in apiv1.Outcome
	l := r.line(use, short)
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		if err := do(c, ctx, args[0], in); err != nil {
			return err
		}
		return r.Done("%s %s", did, args[0])
	})
	l.bindTo(c, &in)
	return needs(c, "outcome")
}

func (r *Remote) wrong() *cobra.Command {
	var in apiv1.DefeatInput
	l := r.line("wrong RUN STEP", "Mark a step as wrong, and list everything that relies on it")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		d, err := c.DefeatStep(ctx, args[0], args[1], in)
		if err != nil {
			return err
		}
		return r.showReliance(d, d.Reliance)
	})
	l.bindTo(c, &in)
	return needs(c, "wrong")
}

func (r *Remote) showReliance(answer any, all []apiv1.Reliance) error {
	return r.Show(answer, func() error {
		for _, x := range all {
			r.printf("%-9s %s\n", x.Kind, terminal.Text(strings.TrimSpace(x.Code+" "+x.Title)+": "+x.Why))
		}
		return nil
	})
}

func (r *Remote) reliance() *cobra.Command {
	var q apiv1.RelianceQuery
	l := r.line("reliance CODE", "List what relies on a document, or on one step of it")
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		all, err := c.Reliance(ctx, args[0], q)
		if err != nil {
			return err
		}
		return r.showReliance(all, all.Items)
	})
	l.bindTo(c, &q)
	return c
}

func (r *Remote) proposal() *cobra.Command {
	return r.line("proposal RUN", "Print the text that a run suggests for the next revision").does(func(ctx context.Context, c *client.Client, args []string) error {
		p, err := c.RunProposal(ctx, args[0])
		if err != nil {
			return err
		}
		return r.Show(p, func() error {
			for l := range strings.Lines(p.Text) {
				r.printf("%s\n", terminal.Text(strings.TrimSuffix(l, "\n")))
			}
			for _, x := range p.Changes {
				r.hint("%s\n", terminal.Text(x))
			}
			return nil
		})
	})
}

const trainingShown = "NAME CODE LABEL KIND BADGE DUE SETTLED BECAUSE ID"

func (r *Remote) training() *cobra.Command {
	return r.group("training", "Who must know which document, and who does (signing and quizzes are on the web pages)",
		pages(r.line("list", "List trainings, the newest first"), trainingShown, (*client.Client).Trainings),
		show(r.line("show TRAINING", "Show a training"), (*client.Client).Training),
		whole(r.line("mine", "List what you have to learn"), "CODE TITLE LABEL KIND BADGE DUE BECAUSE ID", (*client.Client).MyTraining),
		r.trainingMatrix(), r.trainingNeeds(),
		add(r.line("assign ACCOUNT CODE", "Ask one person to know a document"), (*client.Client).AssignTraining),
		r.line("excuse TRAINING", "Excuse somebody from a training").because("excused", (*client.Client).ExcuseTraining),
		r.line("unlock TRAINING", "Allow another round of tries after somebody was trained again").because("unlocked", (*client.Client).UnlockTraining),
		whole(r.line("curricula", "List what the holders of functions must know together"), "ID TITLE FUNCTIONS KIND MINUTES RECERT-MONTHS DOCUMENTS", (*client.Client).Curricula),
		r.below("rule", "Rules beyond what documents say themselves",
			whole(r.line("list", "List the rules"), "FUNCTION CODE KIND PRODUCT DUE-DAYS RECERT-MONTHS REASON ID", (*client.Client).TrainingRules),
			add(r.line("add FUNCTION CODE KIND", "Say that the holders of a function must know a document"), (*client.Client).AddTrainingRule),
			r.line("end RULE", "End a rule").because("ended", (*client.Client).EndTrainingRule)),
		tell(r.line("policy", "Show what missing training does"), (*client.Client).TrainingPolicy), r.trainingPolicy(),
		show(r.line("effect REVISION", "Show what is known about the effect of training"), (*client.Client).TrainingEffect),
		wholeOf(r.line("checks CODE", "List the checks of whether training works"), "LABEL CAUSE DUE VERDICT NAME AT REASON", (*client.Client).TrainingChecks),
		r.trainingExport())
}

func (r *Remote) trainingMatrix() *cobra.Command {
	var q apiv1.MatrixQuery
	l := r.line("matrix", "Show who is trained in what")
	columns := columnsOf[apiv1.MatrixCell](l, "NAME CODE LABEL BADGE KIND DUE TRAINED REQUIRED")
	c := l.does(func(ctx context.Context, c *client.Client, _ []string) error {
		all, err := c.TrainingMatrix(ctx, q)
		if err != nil {
			return err
		}
		return r.Show(all, func() error { return r.table(columns, all.Items) })
	})
	l.bindTo(c, &q)
	return c
}

func (r *Remote) trainingNeeds() *cobra.Command {
	var q apiv1.NeedQuery
	l := r.line("needs", "List which functions must know which revisions, and why")
	columns := columnsOf[apiv1.TrainingNeed](l, "FUNCTION CODE LABEL STATE KIND DUE-DAYS RECERT-MONTHS BECAUSE")
	c := l.does(func(ctx context.Context, c *client.Client, _ []string) error {
		all, err := c.TrainingNeeds(ctx, q)
		if err != nil {
			return err
		}
		return r.Show(all, func() error { return r.table(columns, all.Items) })
	})
	l.bindTo(c, &q)
	return c
}

func (r *Remote) trainingPolicy() *cobra.Command {
	var in apiv1.TrainingPolicyInput
	c := r.line("set-policy SIGNING FUNCTIONS", "Choose what missing training does: off, warn or block").does(func(ctx context.Context, c *client.Client, args []string) error {
		in.Signing, in.Functions = args[0], args[1]
		if err := c.ChangeTrainingPolicy(ctx, in); err != nil {
			return err
		}
		return r.Done("changed the policy")
	})
	return reasonFlag(c, &in.Reason)
}

func (r *Remote) trainingExport() *cobra.Command {
	var q apiv1.TrainingQuery
	l := r.line("export", "Write attempts and completed trainings as xAPI statements")
	c := l.download(func(c *client.Client, ctx context.Context, _ string, w io.Writer) error {
		return c.TrainingStatements(ctx, q, w)
	})
	l.bindTo(c, &q)
	return c
}
