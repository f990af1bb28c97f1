/** What a benchmark reports: rows, their figures and limits, as a table or as JSON. */
package dev.gmem.bench.report;
