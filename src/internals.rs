//! What the tests, fuzz targets and benchmarks reach beside the library's interface; the feature `internals` makes it.
//! A path here is the path in the crate.

pub mod sweep {
    pub use crate::sweep::budget::MAX_LISTED;
    pub use crate::sweep::carry_selection::carry;
    pub use crate::sweep::command_lines::CommandLines;
    pub use crate::sweep::diagnostic::{Fix, Severity};
    pub use crate::sweep::part::Seed;
    pub use crate::sweep::reading::{MAX_TEXT, read_request};
    pub use crate::sweep::single_command::suggest_single_command;
    pub use crate::sweep::span::Origin;
    pub use crate::sweep::*;

    pub mod axis {
        pub use crate::sweep::axis::{Axis, Values};
    }
    pub mod carry_selection {
        pub use crate::sweep::carry_selection::{LossCause, carry};
    }
    pub mod command {
        pub use crate::sweep::command::Command;
    }
    pub mod config {
        pub use crate::sweep::config::split_pasted;
    }
    pub mod diagnostic {
        pub use crate::sweep::diagnostic::Lint;
        pub use crate::sweep::diagnostic::*;
    }
    pub mod edit {
        pub use crate::sweep::edit::set_option;
    }
    pub mod literal {
        pub use crate::sweep::literal::{CallArgument, CharacterNames, Literal, Parser};
    }
    pub mod math {
        pub use crate::sweep::math::cases;
        pub use crate::sweep::math::{acos, cos, exp, log, log1p, pow};
    }
    pub mod sampling {
        pub use crate::sweep::sampling::{
            Arguments, BindError, BindErrorKind, BoundCall, DrawnValue, DrawnValues, Stream, bind,
            is_addition, is_distribution, names, signature,
        };
    }
    pub mod shell_quote {
        pub use crate::sweep::shell_quote::{quote_for_python, quote_for_shell, quote_readably};
    }
    pub mod shell_words {
        pub use crate::sweep::shell_words::{TextSource, split};
    }
    pub mod sorted_space {
        pub use crate::sweep::sorted_space::{Direction, SortedSpace};
    }
    pub mod subset {
        pub use crate::sweep::subset::draw;
    }
    pub mod value {
        pub use crate::sweep::value::{ParsedValue, read, read_with_names};
    }
}

pub mod formula {
    pub use crate::formula::{ArgumentValue, Condition, Error, Formula};
}

pub mod estimate {
    pub use crate::estimate::money::Rational;
    pub use crate::estimate::uncertainty::Noise;
    pub use crate::estimate::*;

    pub mod billing {
        pub use crate::estimate::billing::{Bill, Disk, Egress, Phase, Rounding};
    }
    pub mod failures {
        pub use crate::estimate::failures::{Failures, cost_ceiling};
    }
    pub mod fit {
        pub use crate::estimate::fit::{Fit, Verdict};
    }
    pub mod schedule {
        pub use crate::estimate::schedule::{
            longest_first_makespan, makespan, makespan_bounds, simulate,
        };
    }
    pub mod spot {
        pub use crate::estimate::spot::{SpotExpectation, SpotTrial, young_interval};
    }
    pub mod uncertainty {
        pub use crate::estimate::uncertainty::sum_distribution;
    }
    pub mod warm_pool {
        pub use crate::estimate::warm_pool::{Pool, PoolUsage, Release};
    }
}

pub mod launch {
    pub use crate::launch::create_request;
    pub use crate::launch::*;
}
