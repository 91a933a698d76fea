package client

import (
	"context"

	"triward/apiv1"
)

// Scenarios reads what can be exercised.
func (c *Client) Scenarios(ctx context.Context) (apiv1.List[apiv1.Scenario], error) {
	return get[apiv1.List[apiv1.Scenario]](ctx, c, call{method: "GET", path: "/exercise-scenarios"})
}

// Exercises reads a page of exercises, the last started first.
func (c *Client) Exercises(ctx context.Context, q apiv1.ExerciseQuery) (apiv1.Page[apiv1.Exercise], error) {
	return get[apiv1.Page[apiv1.Exercise]](ctx, c, call{method: "GET", path: "/exercises", query: q})
}

// StartExercise starts a scenario.
func (c *Client) StartExercise(ctx context.Context, in apiv1.ExerciseStart) (apiv1.Made, error) {
	return get[apiv1.Made](ctx, c, call{method: "POST", path: "/exercises", body: in})
}

// Exercise reads an exercise with its score, by id or number.
func (c *Client) Exercise(ctx context.Context, exercise string) (apiv1.ExerciseShown, error) {
	return get[apiv1.ExerciseShown](ctx, c, call{method: "GET", path: at("/exercises/{}", exercise)})
}

// Inject lets something happen before its time.
func (c *Client) Inject(ctx context.Context, exercise, inject string) error {
	return act(ctx, c, call{method: "POST", path: at("/exercises/{}/injects/{}", exercise, inject)})
}

// AnswerInject answers a question of an exercise.
func (c *Client) AnswerInject(ctx context.Context, exercise, inject string, in apiv1.ExerciseAnswer) error {
	return act(ctx, c, call{method: "POST", path: at("/exercises/{}/answers/{}", exercise, inject), body: in})
}

// StopExercise stops an exercise.
func (c *Client) StopExercise(ctx context.Context, exercise string) error {
	return act(ctx, c, call{method: "POST", path: at("/exercises/{}/stop", exercise)})
}

// ConfirmExercise confirms who took part.
func (c *Client) ConfirmExercise(ctx context.Context, exercise string, in apiv1.ExerciseAttendance) error {
	return act(ctx, c, call{method: "POST", path: at("/exercises/{}/confirm", exercise), body: in})
}
