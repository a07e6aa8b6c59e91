//! A run as JSON whose list of trials is written while it is sent.

use std::collections::VecDeque;

use serde::Serialize;
use sweep_planner::api::Run;

use crate::http::error::ApiError;
use crate::model::names::experiment_id;

/// How many ids are written at once.
const IDS_AT_ONCE: u32 = 2_048;

/// A part of an answer.
#[derive(Debug)]
pub(super) enum Piece {
    /// As it is.
    Bytes(Vec<u8>),
    /// The ids of a run's trials from one number to before another, with commas between.
    Ids { run: String, from: u32, to: u32 },
}

/// The JSON of a run with the ids of its first `trials` trials, whatever its own list.
pub(super) fn write_run(run: &Run, trials: u32) -> Result<Vec<Piece>, ApiError> {
    let mut before = to_json(run)?;
    if trials == 0 {
        return Ok(vec![Piece::Bytes(before)]);
    }
    // The status is the last member of a run. Within it, only texts come before the ids, whose quotes
    // are escaped: so nothing that a caller sends is taken for the place of the ids.
    let status = to_json(&run.status)?;
    let list = b"\"experimentIds\":[";
    let place = status.windows(list.len()).position(|bytes| bytes == list);
    let place = place.map(|place| before.len() - 1 - status.len() + place + list.len());
    let Some(place) = place else {
        return Ok(vec![Piece::Bytes(before)]);
    };
    let after = before.split_off(place);
    let ids = Piece::Ids {
        run: run.id.clone(),
        from: 0,
        to: trials,
    };
    Ok(vec![Piece::Bytes(before), ids, Piece::Bytes(after)])
}

/// Takes the next bytes from the front; `None` if there are none.
pub(super) fn take_bytes(pieces: &mut VecDeque<Piece>) -> Result<Option<Vec<u8>>, ApiError> {
    match pieces.pop_front() {
        None => Ok(None),
        Some(Piece::Bytes(bytes)) => Ok(Some(bytes)),
        Some(Piece::Ids { run, from, to }) => {
            let end = to.min(from.saturating_add(IDS_AT_ONCE));
            let mut bytes = Vec::new();
            for number in from..end {
                if number > 0 {
                    bytes.push(b',');
                }
                bytes.extend(to_json(&experiment_id(&run, number))?);
            }
            if end < to {
                pieces.push_front(Piece::Ids { run, from: end, to });
            }
            Ok(Some(bytes))
        }
    }
}

/// Writes a value as JSON.
pub(super) fn to_json(value: &impl Serialize) -> Result<Vec<u8>, ApiError> {
    serde_json::to_vec(value).map_err(|error| ApiError::Internal(error.to_string()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use sweep_planner::api::{RunSpec, RunStatus, Timestamp};

    use super::*;

    /// A run that tries to be taken for the place of the ids.
    fn hostile_run() -> Run {
        let key = "experimentIds";
        let mut spec = RunSpec::default();
        spec.resources.extra.insert(key.into(), json!([]));
        spec.env.insert(key.into(), Default::default());
        spec.run_controller_command = format!("\"{key}\":[]}}");
        Run {
            id: "01run".into(),
            name: "name".into(),
            description: format!("\"{key}\":["),
            created_at: Timestamp::from_micros(0),
            updated_at: Timestamp::from_micros(0),
            spec,
            status: RunStatus {
                message: format!("\"{key}\":[\\"),
                columns: vec![format!("\"{key}\":[")],
                ..RunStatus::default()
            },
        }
    }

    #[test]
    fn ids_written_later_are_where_they_belong() {
        for trials in [0, 1, 2, IDS_AT_ONCE, IDS_AT_ONCE + 1, 5_000] {
            let mut run = hostile_run();
            let mut pieces = write_run(&run, trials).unwrap().into();
            let (mut whole, mut longest) = (Vec::new(), 0);
            while let Some(bytes) = take_bytes(&mut pieces).unwrap() {
                longest = longest.max(bytes.len());
                whole.extend(bytes);
            }
            run.status.experiment_ids = (0..trials)
                .map(|number| experiment_id(&run.id, number))
                .collect();
            assert_eq!(whole, serde_json::to_vec(&run).unwrap(), "{trials}");
            assert!(longest < 64 << 10, "{longest}");
        }
    }
}
