//! Systems of linear equations with a symmetric, positive definite matrix.

/// The lower triangle L with L L' = the symmetric matrix given by its lower triangle; None where
/// that is not positive definite.
pub(super) fn cholesky_factor(mut matrix: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
    for i in 0..matrix.len() {
        for j in 0..=i {
            let dot: f64 = (0..j).map(|k| matrix[i][k] * matrix[j][k]).sum();
            let rest = matrix[i][j] - dot;
            if i == j {
                if !(rest > 0.0 && rest.is_finite()) {
                    return None;
                }
                matrix[i][i] = rest.sqrt();
            } else {
                matrix[i][j] = rest / matrix[j][j];
            }
        }
    }
    Some(matrix)
}

/// x with L x = b.
pub(super) fn forward_substitute(factor: &[Vec<f64>], b: &[f64]) -> Vec<f64> {
    let mut x: Vec<f64> = Vec::with_capacity(b.len());
    for (row, value) in factor.iter().zip(b) {
        let known: f64 = row.iter().zip(&x).map(|(l, x)| l * x).sum();
        x.push((value - known) / row[x.len()]);
    }
    x
}

/// x with L' x = b.
pub(super) fn back_substitute(factor: &[Vec<f64>], b: &[f64]) -> Vec<f64> {
    let mut x = b.to_vec();
    for i in (0..x.len()).rev() {
        let known: f64 = (i + 1..x.len()).map(|k| factor[k][i] * x[k]).sum();
        x[i] = (x[i] - known) / factor[i][i];
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::test;

    #[test]
    fn solves_what_it_can() {
        // [[4, 2], [2, 3]] x = [10, 8] has x = [1.75, 1.5].
        let factor = cholesky_factor(vec![vec![4.0], vec![2.0, 3.0]]).unwrap();
        let x = back_substitute(&factor, &forward_substitute(&factor, &[10.0, 8.0]));
        assert!((x[0] - 1.75).abs() < 1e-12 && (x[1] - 1.5).abs() < 1e-12);
        assert_eq!(cholesky_factor(vec![vec![1.0], vec![2.0, 4.0]]), None);
        assert_eq!(cholesky_factor(vec![vec![f64::NAN]]), None);
        assert_eq!(cholesky_factor(Vec::new()), Some(Vec::new()));
    }
}
