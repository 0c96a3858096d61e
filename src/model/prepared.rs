//! How far a server is that a worker prepares itself: steps 1 to 3 follow from the run that does
//! it, so that the script and the run are shown alike.

use jiff::Timestamp;

use super::{FailureKind, ProvisionStep, Run, RunStep, Status};

/// Steps 1 to 3, of a server whose run stands like this; `begun`: when its first attempt did,
/// with which the host is known to answer.
///
/// Step 1 is the host's answer, step 3 the last step of the run, and step 2 what lies between.
/// Step 3 is completed with the run: what its steps have changed is in force only then.
pub fn prepared(run: &Run, steps: &[RunStep], begun: Option<Timestamp>) -> [ProvisionStep; 3] {
    let inner: Vec<&RunStep> = steps.iter().filter(|step| !step.handler).collect();
    let (last, preparing) = match inner.split_last() {
        Some((last, preparing)) => (last.started_at, preparing),
        None => (None, &[][..]),
    };
    let is_prepared = preparing.iter().all(|step| step.status == Status::Completed);
    let prepared_at = preparing.iter().filter_map(|step| step.finished_at).max();
    // Where the run stands now: which of the three it is about.
    let at = match (begun, is_prepared) {
        (None, _) => 1,
        (Some(_), false) => 2,
        (Some(_), true) => 3,
    };
    let over = run.status == Status::Completed;
    [
        (1, None, begun),
        (2, begun, prepared_at),
        (3, last.or(prepared_at).or(begun), run.finished_at),
    ]
    .map(|(number, started_at, finished_at)| {
        let step = ProvisionStep {
            number,
            status: Status::Pending,
            started_at: None,
            finished_at: None,
            error_kind: None,
            error: None,
            unreachable_since: None,
            unreachable: None,
        };
        if number < at || over {
            return ProvisionStep { status: Status::Completed, started_at, finished_at, ..step };
        }
        if number > at {
            return step;
        }
        let (error_kind, error) = match run.status {
            Status::Failed => (run.error_kind, run.error.clone()),
            Status::Cancelled => (Some(FailureKind::Abandoned), Some(CANCELLED.to_owned())),
            _ => return ProvisionStep { status: Status::Installing, started_at, ..step },
        };
        let (status, finished_at) = (Status::Failed, run.finished_at);
        ProvisionStep { status, started_at, finished_at, error_kind, error, ..step }
    })
}

const CANCELLED: &str = "a person cancelled it; a retry goes on with this step";

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn run(status: Status) -> Run {
        let failed = status == Status::Failed;
        Run {
            id: "1".to_owned(),
            server_id: 1,
            jobs: vec![],
            parameters: Default::default(),
            untested_system: false,
            status,
            epoch: 1,
            worker: None,
            waiting: None,
            cancel_requested_at: None,
            unreachable_since: None,
            unreachable: None,
            host_state: None,
            error_kind: failed.then_some(FailureKind::StepFailed),
            error: failed.then(|| "why".to_owned()),
            changed: None,
            output_bytes: 0,
            output_cut: false,
            created_at: at(1),
            started_at: Some(at(2)),
            finished_at: status.is_final().then(|| at(9)),
        }
    }

    fn steps(statuses: [Status; 3]) -> Vec<RunStep> {
        (1_i64..)
            .zip(statuses)
            .map(|(number, status)| RunStep {
                number,
                job: "prepare".to_owned(),
                name: "a".to_owned(),
                title: "A".to_owned(),
                handler: false,
                status,
                changed: None,
                starts: 0,
                exit_code: None,
                error: None,
                started_at: (status != Status::Pending).then(|| at(3 + number)),
                finished_at: status.is_final().then(|| at(4 + number)),
            })
            .collect()
    }

    #[test]
    fn shows_the_run_in_three_steps() {
        use Status::{Cancelled, Completed, Failed, Installing, Pending};
        for (status, inner, begun, expected) in [
            (Pending, [Pending; 3], false, [Installing, Pending, Pending]),
            (Failed, [Pending; 3], false, [Failed, Pending, Pending]),
            (Installing, [Installing, Pending, Pending], true, [Completed, Installing, Pending]),
            (Failed, [Completed, Failed, Pending], true, [Completed, Failed, Pending]),
            (Pending, [Completed, Pending, Pending], true, [Completed, Installing, Pending]),
            (Installing, [Completed, Completed, Pending], true, [Completed, Completed, Installing]),
            (Failed, [Completed, Completed, Failed], true, [Completed, Completed, Failed]),
            (Cancelled, [Completed, Failed, Pending], true, [Completed, Failed, Pending]),
            // A handler is still to come.
            (Installing, [Completed; 3], true, [Completed, Completed, Installing]),
            (Completed, [Completed; 3], true, [Completed; 3]),
        ] {
            let shown = prepared(&run(status), &steps(inner), begun.then(|| at(3)));
            assert_eq!(shown.clone().map(|step| step.status), expected);
            for step in shown {
                assert_eq!(
                    step.status == Failed,
                    step.error_kind.is_some() && step.error.is_some()
                );
            }
        }
    }
}
